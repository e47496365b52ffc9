/** In and out at a timeline's ruler, and the whole video below its lanes. */

import { runs } from './timeline_columns.js';
import { LANES, LEVEL_HEIGHTS } from './timeline_lanes.js';

/** Paints in and out at the ruler. */
export function paintRange(painting) {
  const { context, palette, timeline } = painting;
  const { start, end } = timeline.range;
  if (start === null && end === null) return;
  const { top, height } = LANES.ruler;
  const x0 = painting.x(start ?? 0);
  const x1 = painting.x(end ?? timeline.model.duration);
  context.fillStyle = palette.accent;
  context.globalAlpha = 0.22;
  context.fillRect(x0, top + height - 7, x1 - x0, 7);
  context.globalAlpha = 1;
  if (start !== null) bracket(context, x0, top + height, 1);
  if (end !== null) bracket(context, x1, top + height, -1);
}

/** Paints the whole video, and what of it is shown above. */
export function paintOverview(painting) {
  const { context, palette, timeline, width } = painting;
  const { top, height } = LANES.overview;
  const { duration, gaps } = timeline.model;
  const span = width - LANES.gutter;
  const x = (seconds) => LANES.gutter + (seconds / duration) * span;
  context.fillStyle = palette.lane;
  context.fillRect(LANES.gutter, top, span, height);
  context.globalAlpha = 0.75;
  for (const [from, to, rank] of runs(timeline.overviewColumns(Math.ceil(span)))) {
    const size = (height - 6) * LEVEL_HEIGHTS[rank - 1];
    context.fillStyle = palette.levels[rank - 1];
    context.fillRect(LANES.gutter + from, top + height - 3 - size, to - from, size);
  }
  context.globalAlpha = 1;
  context.fillStyle = palette.hatch;
  for (const gap of gaps) {
    const from = x(gap.start.seconds);
    context.fillRect(from, top + height / 2 - 1, Math.max(x(gap.end.seconds) - from, 1), 2);
  }
  const { from, to } = timeline.view;
  if (to - from >= duration - 1e-6) return;
  const [x0, x1] = [x(from), x(to)];
  context.fillStyle = palette.accent;
  context.globalAlpha = 0.14;
  context.fillRect(x0, top, Math.max(x1 - x0, 3), height);
  context.globalAlpha = 1;
  context.strokeStyle = palette.accent;
  context.lineWidth = 1;
  context.strokeRect(x0 + 0.5, top + 0.5, Math.max(x1 - x0 - 1, 2), height - 1);
}

function bracket(context, x, bottom, sign) {
  context.beginPath();
  context.moveTo(x, bottom);
  context.lineTo(x, bottom - 12);
  context.lineTo(x + sign * 7, bottom - 12);
  context.lineTo(x + sign * 2.5, bottom - 6);
  context.lineTo(x + sign * 2.5, bottom);
  context.closePath();
  context.fill();
}
