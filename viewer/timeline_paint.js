/** Paints the lanes of a timeline: ruler, motion, segments, shots, gaps. */

import { firstAfter, rulerStep, runs, sampledColumns, visibleSegments } from './timeline_columns.js';
import { DIMMED, LANES, LEVEL_HEIGHTS } from './timeline_lanes.js';
import { paintMoves } from './timeline_moves.js';
import { paintOverview, paintRange } from './timeline_overview.js';
import { LEVELS } from './words.js';

const NAMED_FROM_PX = 52;
const MATCHING = 100;

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
    this.left = LANES.gutter;
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
    paintMoves(this);
    this.#gaps();
    paintRange(this);
    context.restore();
    paintOverview(this);
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
    if (this.isDense) {
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
    const columns = this.columns(first, last, (segment, index) => {
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
  columns(first, last, rankOf, segments) {
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

  /** Whether segments are too many to be told apart. */
  get isDense() {
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

}
