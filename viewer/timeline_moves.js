/** The lanes of a timeline that show what the camera does. */

import { runs } from './timeline_columns.js';
import { DIMMED, LANES } from './timeline_lanes.js';
import { cameraSign } from './words.js';

const MOVES = [
  { up: 'pan_right', down: 'pan_left', rate: 'pan', digits: 2 },
  { up: 'tilt_up', down: 'tilt_down', rate: 'tilt', digits: 2 },
  { up: 'zoom_in', down: 'zoom_out', rate: 'zoom', digits: 2 },
  { up: 'roll_cw', down: 'roll_ccw', rate: 'roll', digits: 1 },
];
const SIGNED_FROM_PX = 13;
const RATED_FROM_PX = 46;

/** Paints what the camera does, a lane a move. */
export function paintMoves(painting) {
  const { segments } = painting.timeline.model;
  const [first, last] = painting.visible;
  if (painting.isDense) {
    moveColumns(painting, first, last);
    return;
  }
  for (let i = first; i < last; i += 1) {
    const { camera } = segments[i];
    if (!camera.labels.length) continue;
    MOVES.forEach((move, lane) => {
      if (camera.labels.includes(move.up)) paintMove(painting, segments[i], i, lane, move.up, 1, move);
      if (camera.labels.includes(move.down)) paintMove(painting, segments[i], i, lane, move.down, -1, move);
    });
    if (camera.labels.includes('handheld')) paintMove(painting, segments[i], i, 4, 'handheld', 0, null);
  }
}

function moveColumns(painting, first, last) {
  const { context, palette, timeline } = painting;
  const size = LANES.moves.height - 6;
  const lanes = [...MOVES.flatMap(({ up, down }, lane) => [[lane, up, 0], [lane, down, 4]]), [4, 'handheld', 2]];
  context.fillStyle = palette.camera;
  for (const [lane, label, offset] of lanes) {
    const columns = painting.columns(first, last, ({ camera }, index) => {
      if (!camera.labels.includes(label)) return 0;
      return !timeline.matches || timeline.matches.has(index) ? 2 : 1;
    }, timeline.model.segments);
    for (const [from, to, rank] of runs(columns)) {
      context.globalAlpha = rank === 2 ? 0.9 : DIMMED;
      context.fillRect(LANES.gutter + from, LANES.moves.top + lane * LANES.moves.height + offset, to - from, size);
    }
  }
  context.globalAlpha = 1;
}

function paintMove(painting, segment, index, lane, label, sign, move) {
  const { context, palette, timeline } = painting;
  const height = LANES.moves.height - 2;
  const top = LANES.moves.top + lane * LANES.moves.height;
  const x0 = painting.x(segment.start.seconds);
  const width = Math.max(painting.x(segment.end.seconds) - x0 - 1, 0.75);
  const isDim = timeline.matches && !timeline.matches.has(index);
  const size = height - 4;
  // Right, up, in and clockwise sit high in their lane, the others low.
  const y = top + (sign > 0 ? 0 : sign < 0 ? 4 : 2);
  context.globalAlpha = isDim ? DIMMED : 0.4 + 0.6 * segment.camera.confidence;
  context.fillStyle = palette.camera;
  context.beginPath();
  context.roundRect(x0, y, width, size, width > 6 ? 2 : 0);
  context.fill();
  if (width >= SIGNED_FROM_PX) {
    const rate = move && segment.camera[move.rate];
    const figure = width >= RATED_FROM_PX && typeof rate === 'number' ? ` ${Math.abs(rate).toFixed(move.digits)}` : '';
    context.fillStyle = palette.ink;
    context.textAlign = 'left';
    context.fillText(cameraSign(label) + figure, Math.max(x0, LANES.gutter) + 3, y + size / 2 + 0.5);
  }
  context.globalAlpha = 1;
}
