/** Paints the lanes of a timeline: ruler, motion, segments, camera moves, gaps, overview. */

import { LEVELS, cameraSign } from './words.js';

/** Where each lane lies, in CSS px. */
export const LANES = {
  gutter: 78,
  ruler: { top: 0, height: 24 },
  motion: { top: 26, height: 96 },
  segments: { top: 128, height: 38 },
  moves: { top: 172, height: 17, names: ['pan', 'tilt', 'zoom', 'roll', 'hand'] },
  overview: { top: 264, height: 18 },
  height: 284,
};

const MOVES = [
  { up: 'pan_right', down: 'pan_left', rate: 'pan', digits: 2 },
  { up: 'tilt_up', down: 'tilt_down', rate: 'tilt', digits: 2 },
  { up: 'zoom_in', down: 'zoom_out', rate: 'zoom', digits: 2 },
  { up: 'roll_cw', down: 'roll_ccw', rate: 'roll', digits: 1 },
];
const LEVEL_HEIGHTS = [0.3, 0.46, 0.64, 0.82, 1];
const NAMED_FROM_PX = 52;
const SIGNED_FROM_PX = 13;
const RATED_FROM_PX = 46;
const DIMMED = 0.16;
const MATCHING = 100;

/** The colours of the page's theme, as the canvas needs them. */
export function readPalette(element) {
  const style = getComputedStyle(element);
  const value = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    levels: LEVELS.map((level) => value(`level-${level}`)),
    inks: LEVELS.map((level) => value(`level-${level}-ink`)),
    unknown: value('level-unknown'),
    text: value('text'),
    dim: value('text-dim'),
    line: value('line'),
    lane: value('lane'),
    fog: value('fog'),
    camera: value('curve-camera'),
    ink: value('curve-ink'),
    subject: value('curve-subject'),
    accent: value('accent'),
    playhead: value('playhead'),
    hatch: value('hatch'),
    font: `11px ${value('font')}`,
  };
}

/** One painting of what does not move with the playhead. */
export class Painting {
  /**
   * @param {CanvasRenderingContext2D} context scaled to CSS px
   * @param {object} timeline what to paint: model, series, view, matches, marks, current, range
   * @param {object} palette of `readPalette`
   * @param {number} width in CSS px, gutter included
   */
  constructor(context, timeline, palette, width) {
    this.context = context;
    this.timeline = timeline;
    this.palette = palette;
    this.width = width;
    const { from, to } = timeline.view;
    this.perSecond = (width - LANES.gutter) / (to - from);
    this.visible = visibleSegments(timeline.model.segments, from, to);
  }

  paint() {
    const { context, width } = this;
    context.clearRect(0, 0, width, LANES.height);
    context.font = this.palette.font;
    context.textBaseline = 'middle';
    this.#lanes();
    context.save();
    context.beginPath();
    context.rect(LANES.gutter, 0, width - LANES.gutter, LANES.height);
    context.clip();
    this.#ruler();
    this.#motion();
    this.#segments();
    this.#shots();
    this.#moves();
    this.#gaps();
    this.#range();
    context.restore();
    this.#overview();
    this.#names();
  }

  /** CSS px of a time. */
  x(seconds) {
    return LANES.gutter + (seconds - this.timeline.view.from) * this.perSecond;
  }

  #lanes() {
    const { context, palette, width } = this;
    const span = width - LANES.gutter;
    context.fillStyle = palette.lane;
    for (const { top, height } of [LANES.motion, LANES.segments]) {
      context.fillRect(LANES.gutter, top, span, height);
    }
    const { moves } = LANES;
    moves.names.forEach((_, i) => {
      context.fillRect(LANES.gutter, moves.top + i * moves.height, span, moves.height - 2);
    });
  }

  #names() {
    const { context, palette } = this;
    const { motion, segments, moves } = LANES;
    const right = LANES.gutter - 10;
    context.textAlign = 'right';
    context.fillStyle = palette.camera;
    context.fillText('camera', right, motion.top + motion.height * 0.25);
    context.fillStyle = palette.subject;
    context.fillText('subject', right, motion.top + motion.height * 0.75);
    context.fillStyle = palette.dim;
    context.fillText('segments', right, segments.top + segments.height / 2);
    moves.names.forEach((name, i) => {
      context.fillText(name, right, moves.top + (i + 0.5) * moves.height - 1);
    });
  }

  #ruler() {
    const { context, palette, timeline } = this;
    const { frames } = timeline.model;
    const { from, to } = timeline.view;
    const step = rulerStep(frames, this.perSecond);
    const { top, height } = LANES.ruler;
    const first = Math.max(0, Math.floor((from * frames.rate) / step));
    const last = Math.ceil((Math.min(to, timeline.model.duration) * frames.rate) / step);
    const parts = step % 5 === 0 ? 5 : step % 4 === 0 ? 4 : step % 2 === 0 ? 2 : 1;
    context.textAlign = 'left';
    for (let i = first; i <= last; i += 1) {
      const x = Math.round(this.x(frames.seconds(i * step))) + 0.5;
      context.fillStyle = palette.line;
      context.fillRect(x - 0.5, top + 6, 1, height - 6);
      for (let part = 1; part < parts; part += 1) {
        const minor = Math.round(this.x(frames.seconds((i + part / parts) * step)));
        context.fillRect(minor, top + height - 5, 1, 5);
      }
      context.fillStyle = palette.dim;
      context.fillText(frames.timecode(i * step), x + 4, top + 11);
    }
  }

  #motion() {
    const { context, palette, timeline } = this;
    const { series } = timeline;
    const { top, height } = LANES.motion;
    const middle = top + height / 2;
    const columns = sampledColumns(this, series);
    const reach = height / 2 - 3;
    const scale = (speed) => Math.sqrt(Math.min(speed / timeline.scaleTop, 1)) * reach;
    const step = 1 / (devicePixelRatio || 1);
    // Fog lies where little can be trusted; the curve itself fades too.
    context.fillStyle = palette.fog;
    for (const { x, confidence } of columns) {
      context.globalAlpha = Number.isNaN(confidence) ? 0 : (1 - confidence) * 0.9;
      context.fillRect(x, top, step, height);
    }
    for (const [name, colour, sign] of [['camera', palette.camera, -1], ['subject', palette.subject, 1]]) {
      context.fillStyle = colour;
      for (const column of columns) {
        const size = scale(column[name]);
        if (Number.isNaN(size) || size < 0.2) continue;
        const trust = Number.isNaN(column.confidence) ? 0.3 : column.confidence;
        context.globalAlpha = 0.22 + 0.4 * trust;
        context.fillRect(column.x, sign < 0 ? middle - size : middle, step, size);
        context.globalAlpha = 0.35 + 0.65 * trust;
        context.fillRect(column.x, sign < 0 ? middle - size : middle + size - 1.5, step, 1.5);
      }
    }
    context.globalAlpha = 1;
    context.fillStyle = palette.line;
    context.fillRect(LANES.gutter, middle - 0.5, this.width - LANES.gutter, 1);
  }

  #segments() {
    const { top, height } = LANES.segments;
    const [first, last] = this.visible;
    const { segments } = this.timeline.model;
    if (this.#isDense) {
      this.#segmentColumns(first, last);
    } else {
      for (let i = first; i < last; i += 1) this.#segment(segments[i], i);
    }
    this.#flags(first, last);
    const current = segments[this.timeline.current];
    if (!current) return;
    const { context, palette } = this;
    const [x0, x1] = [this.x(current.start.seconds), this.x(current.end.seconds)];
    context.strokeStyle = palette.text;
    context.lineWidth = 1.5;
    context.strokeRect(x0 + 0.75, top + 0.75, Math.max(x1 - x0 - 1.5, 1), height - 1.5);
  }

  #segment(segment, index) {
    const { context, palette, timeline } = this;
    const { top, height } = LANES.segments;
    const x0 = this.x(segment.start.seconds);
    const x1 = this.x(segment.end.seconds);
    const width = Math.max(x1 - x0 - (x1 - x0 > 3 ? 1 : 0), 0.75);
    const level = LEVELS.indexOf(segment.motion.level);
    const isDim = timeline.matches && !timeline.matches.has(index);
    context.globalAlpha = isDim ? DIMMED : 1;
    if (level < 0) {
      context.strokeStyle = palette.unknown;
      context.lineWidth = 1;
      context.setLineDash([3, 3]);
      context.strokeRect(x0 + 0.5, top + 2.5, Math.max(width - 1, 0.5), height - 5);
      context.setLineDash([]);
    } else {
      const size = (height - 4) * LEVEL_HEIGHTS[level];
      context.fillStyle = palette.levels[level];
      context.beginPath();
      context.roundRect(x0, top + height - 2 - size, width, size, width > 6 ? [2, 2, 0, 0] : 0);
      context.fill();
    }
    if (width > NAMED_FROM_PX) {
      const size = (height - 4) * (LEVEL_HEIGHTS[level] ?? 1);
      const isInside = size >= 15;
      context.fillStyle = isInside ? palette.inks[level] ?? palette.dim : palette.dim;
      context.textAlign = 'left';
      const y = isInside ? top + height - 2 - size / 2 : top + height - 2 - size - 7;
      context.fillText(segment.motion.level ?? 'unknown', Math.max(x0, LANES.gutter) + 6, y + 0.5);
    }
    context.globalAlpha = 1;
  }

  /** Where many segments share a px, it shows the strongest of them, those that match first. */
  #segmentColumns(first, last) {
    const { context, palette, timeline } = this;
    const { segments } = timeline.model;
    const { top, height } = LANES.segments;
    const columns = this.#columns(first, last, (segment, index) => {
      const matches = !timeline.matches || timeline.matches.has(index);
      return LEVELS.indexOf(segment.motion.level) + 2 + (matches ? MATCHING : 0);
    }, segments);
    for (const [from, to, rank] of runs(columns)) {
      const level = (rank % MATCHING) - 2;
      const size = (height - 4) * (LEVEL_HEIGHTS[level] ?? 0.2);
      context.globalAlpha = rank >= MATCHING ? 1 : DIMMED;
      context.fillStyle = palette.levels[level] ?? palette.unknown;
      context.fillRect(LANES.gutter + from, top + height - 2 - size, to - from, size);
    }
    context.globalAlpha = 1;
  }

  /** For each px the highest rank of the segments in it; 0 where there is none. */
  #columns(first, last, rankOf, segments) {
    const columns = new Uint8Array(Math.ceil(this.width - LANES.gutter));
    for (let i = first; i < last; i += 1) {
      const rank = rankOf(segments[i], i);
      if (!rank) continue;
      const from = Math.max(0, Math.floor(this.x(segments[i].start.seconds) - LANES.gutter));
      const end = Math.max(from + 1, Math.ceil(this.x(segments[i].end.seconds) - LANES.gutter));
      for (let x = from; x < end && x < columns.length; x += 1) {
        if (rank > columns[x]) columns[x] = rank;
      }
    }
    return columns;
  }

  get #isDense() {
    const [first, last] = this.visible;
    return last - first > (this.width - LANES.gutter) / 2;
  }

  #flags(first, last) {
    const { context, palette, timeline } = this;
    const { top } = LANES.segments;
    context.fillStyle = palette.accent;
    for (const index of timeline.marks) {
      if (index < first || index >= last) continue;
      const x = this.x(timeline.model.segments[index].start.seconds);
      context.beginPath();
      context.moveTo(x, top - 4);
      context.lineTo(x + 9, top - 4);
      context.lineTo(x + 9, top + 6);
      context.lineTo(x + 4.5, top + 2.5);
      context.lineTo(x, top + 6);
      context.closePath();
      context.fill();
    }
  }

  #shots() {
    const { context, palette, timeline } = this;
    const { from, to } = timeline.view;
    const { shots } = timeline.model;
    const { top, height } = LANES.segments;
    const first = Math.max(0, firstAfter(shots, from) - 1);
    // Where lines would touch, they would be a fog and tell nothing.
    if (shots.length / timeline.model.duration > this.perSecond / 3) return;
    for (let i = first; i < shots.length && shots[i].start.seconds < to; i += 1) {
      const { kind, start, end } = shots[i].transition;
      if (kind === 'start') continue;
      const x = Math.round(this.x(shots[i].start.seconds));
      context.fillStyle = palette.dim;
      context.globalAlpha = 0.8;
      context.fillRect(x - 0.5, LANES.motion.top, 1, top + height - LANES.motion.top);
      if (kind !== 'cut') {
        const [x0, x1] = [this.x(start.seconds), this.x(end.seconds)];
        context.globalAlpha = 0.35;
        context.beginPath();
        context.moveTo(x0, top + height);
        context.lineTo(x, top);
        context.lineTo(x1, top + height);
        context.closePath();
        context.fill();
      }
    }
    context.globalAlpha = 1;
  }

  #moves() {
    const { segments } = this.timeline.model;
    const [first, last] = this.visible;
    if (this.#isDense) {
      this.#moveColumns(first, last);
      return;
    }
    for (let i = first; i < last; i += 1) {
      const { camera } = segments[i];
      if (!camera.labels.length) continue;
      MOVES.forEach((move, lane) => {
        if (camera.labels.includes(move.up)) this.#move(segments[i], i, lane, move.up, 1, move);
        if (camera.labels.includes(move.down)) this.#move(segments[i], i, lane, move.down, -1, move);
      });
      if (camera.labels.includes('handheld')) this.#move(segments[i], i, 4, 'handheld', 0, null);
    }
  }

  #moveColumns(first, last) {
    const { context, palette, timeline } = this;
    const size = LANES.moves.height - 6;
    const lanes = [...MOVES.flatMap(({ up, down }, lane) => [[lane, up, 0], [lane, down, 4]]), [4, 'handheld', 2]];
    context.fillStyle = palette.camera;
    for (const [lane, label, offset] of lanes) {
      const columns = this.#columns(first, last, ({ camera }, index) => {
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

  #move(segment, index, lane, label, sign, move) {
    const { context, palette, timeline } = this;
    const height = LANES.moves.height - 2;
    const top = LANES.moves.top + lane * LANES.moves.height;
    const x0 = this.x(segment.start.seconds);
    const width = Math.max(this.x(segment.end.seconds) - x0 - 1, 0.75);
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

  #gaps() {
    const { context, palette, timeline } = this;
    const bottom = LANES.moves.top + LANES.moves.names.length * LANES.moves.height;
    for (const gap of timeline.model.gaps) {
      const [x0, x1] = [this.x(gap.start.seconds), this.x(gap.end.seconds)];
      if (x1 < LANES.gutter || x0 > this.width) continue;
      const width = Math.max(x1 - x0, 2);
      context.save();
      context.beginPath();
      context.rect(x0, LANES.motion.top, width, bottom - LANES.motion.top);
      context.clip();
      context.strokeStyle = palette.hatch;
      context.lineWidth = 1.5;
      const height = bottom - LANES.motion.top;
      const firstX = Math.max(x0, LANES.gutter) - height - ((Math.max(x0, LANES.gutter) - height) % 9);
      context.beginPath();
      for (let x = firstX; x < Math.min(x0 + width, this.width); x += 9) {
        context.moveTo(x, bottom);
        context.lineTo(x + height, LANES.motion.top);
      }
      context.stroke();
      context.restore();
      if (width > 90) {
        const left = Math.max(x0, LANES.gutter) + 4;
        context.fillStyle = palette.lane;
        context.fillRect(left, LANES.motion.top + 3, 76, 16);
        context.fillStyle = palette.dim;
        context.textAlign = 'left';
        context.fillText('not analysed', left + 5, LANES.motion.top + 11.5);
      }
    }
  }

  #range() {
    const { context, palette, timeline } = this;
    const { start, end } = timeline.range;
    if (start === null && end === null) return;
    const { top, height } = LANES.ruler;
    const x0 = this.x(start ?? 0);
    const x1 = this.x(end ?? timeline.model.duration);
    context.fillStyle = palette.accent;
    context.globalAlpha = 0.22;
    context.fillRect(x0, top + height - 7, x1 - x0, 7);
    context.globalAlpha = 1;
    if (start !== null) bracket(context, x0, top + height, 1);
    if (end !== null) bracket(context, x1, top + height, -1);
  }

  #overview() {
    const { context, palette, timeline, width } = this;
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
}

/** The strongest level at each of so many columns of a whole video, from 1; 0 where none is known. */
export function strongestLevels(segments, duration, columns) {
  const strongest = new Uint8Array(columns);
  const scale = columns / duration;
  for (const segment of segments) {
    const rank = LEVELS.indexOf(segment.motion.level) + 1;
    const end = Math.min(Math.ceil(segment.end.seconds * scale), columns);
    for (let x = Math.max(0, Math.floor(segment.start.seconds * scale)); x < end; x += 1) {
      if (rank > strongest[x]) strongest[x] = rank;
    }
  }
  return strongest;
}

/** Stretches of equal values but 0: first, one past the last, and the value. */
function* runs(values) {
  let start = 0;
  for (let i = 1; i <= values.length; i += 1) {
    if (values[i] === values[start]) continue;
    if (values[start]) yield [start, i, values[start]];
    start = i;
  }
}

/** First and one past the last segment that a span shows. */
export function visibleSegments(segments, from, to) {
  let last = firstAfter(segments, from);
  const first = Math.max(0, last - 1);
  while (last < segments.length && segments[last].start.seconds < to) last += 1;
  return [first, last];
}

function firstAfter(items, seconds) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].start.seconds <= seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What to draw at each px: the fastest of what lies in it, and the mean confidence. */
function sampledColumns(painting, series) {
  const { timeline, width, perSecond } = painting;
  // A column is a px of the screen: anything else would leave seams.
  const step = 1 / (devicePixelRatio || 1);
  const columns = [];
  const end = Math.min(width, painting.x(timeline.model.duration));
  let index = series.indexAt(timeline.view.from);
  for (let x = LANES.gutter; x < end; x += step) {
    const to = timeline.view.from + (x + step - LANES.gutter) / perSecond;
    const from = to - step / perSecond;
    let first = index;
    while (index + 1 < series.seconds.length && series.seconds[index + 1] < to) index += 1;
    if (index < 0) continue;
    if (first < index && !(series.seconds[first] <= from)) first += 1;
    if (from - series.seconds[index] > series.hold) continue;
    columns.push(reduced(series, Math.max(first, 0), index, x));
  }
  return columns;
}

function reduced(series, first, last, x) {
  let [camera, subject, sum, known] = [NaN, NaN, 0, 0];
  for (let i = first; i <= last; i += 1) {
    if (!(series.camera[i] <= camera)) camera = Number.isNaN(series.camera[i]) ? camera : series.camera[i];
    if (!(series.subject[i] <= subject)) subject = Number.isNaN(series.subject[i]) ? subject : series.subject[i];
    if (!Number.isNaN(series.confidence[i])) {
      sum += series.confidence[i];
      known += 1;
    }
  }
  return { x, camera, subject, confidence: known ? sum / known : NaN };
}

/** Frames between two labels of the ruler, so that they do not touch. */
function rulerStep(frames, perSecond) {
  const { base, rate } = frames;
  const least = (96 / perSecond) * rate;
  const seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
  const steps = [1, 2, 5, 10, ...seconds.map((each) => each * base)];
  // Beyond hours by whole multiples: a video may claim any length.
  const longest = steps[steps.length - 1];
  return steps.find((step) => step >= least) ?? longest * Math.ceil(least / longest);
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
