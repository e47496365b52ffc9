/**
 * The timeline: zoomed and panned by wheel, pinch and keys; scrubbed; its segments clicked. It
 * knows nothing of where data comes from, so that any page can hold one.
 */

import { h, oncePerFrame } from './dom.js';
import { seriesOfSegments } from './series.js';
import { strongestLevels } from './timeline_columns.js';
import { LANES, readPalette } from './timeline_lanes.js';
import { Painting } from './timeline_paint.js';
import { cameraWords } from './words.js';

const ZOOM_STEP = 1.5;
const FEWEST_FRAMES = 12;
const CLICK_PX = 4;

/**
 * Emits `seek` (detail: seconds), `segment` (detail: index of a segment that was clicked) and
 * `view` (zoom or place changed).
 */
export class Timeline extends EventTarget {
  /**
   * @param {object} motion a motion.json
   * @param {import('./timecode.js').FrameCount} frames
   * @param {{width: number, height: number}} shape of the picture
   */
  constructor(motion, frames, shape) {
    super();
    const ends = [motion.video.duration_seconds ?? 0, ...motion.segments.slice(-1).map((s) => s.end.seconds)];
    this.model = {
      frames,
      duration: Math.max(...ends, 1 / frames.rate),
      segments: motion.segments,
      shots: motion.shots,
      gaps: motion.analysis.gaps,
    };
    this.series = seriesOfSegments(motion, shape);
    this.scaleTop = this.series.most;
    this.view = { from: 0, to: this.model.duration };
    this.matches = null;
    this.marks = new Set();
    this.current = -1;
    this.range = { start: null, end: null };
    this.playhead = 0;
    this.hovered = null;
    /** Gives the picture of a moment as a URL, or null: for the preview above the pointer. */
    this.pictureAt = () => null;
    this.pointers = new Map();
    this.#build();
    this.paint = oncePerFrame(() => this.#paint());
    this.paintCursor = oncePerFrame(() => this.#paintCursor());
  }

  #build() {
    this.base = h('canvas', { 'aria-hidden': 'true' });
    this.cursor = h('canvas', { 'aria-hidden': 'true' });
    this.slider = h('div.timeline-slider', {
      role: 'slider', tabindex: '0', 'aria-label': 'Playhead', 'aria-valuemin': '0',
      'aria-valuemax': this.model.duration.toFixed(2), 'aria-orientation': 'horizontal',
    }, this.base, this.cursor);
    this.previewPicture = h('img', { alt: '' });
    this.previewText = h('div.preview-text');
    this.preview = h('div.preview', { 'aria-hidden': 'true', hidden: true }, this.previewPicture, this.previewText);
    this.element = h('div.timeline', {}, this.slider, this.preview);
    this.slider.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    for (const name of ['pointerdown', 'pointermove', 'pointerup', 'pointercancel', 'pointerleave']) {
      this.slider.addEventListener(name, (event) => this[`_${name}`](event));
    }
    this.watch = new ResizeObserver(() => this.#resize());
    this.watch.observe(this.element);
  }

  /** Takes denser curves. */
  setSeries(series) {
    this.series = series;
    this.scaleTop = series.most;
    this.paint();
  }

  /** Reads the colours again, after the theme has changed. */
  recolour() {
    this.palette = readPalette(this.element);
    this.paint();
    this.paintCursor();
  }

  /** Moves the playhead; while it runs it stays in sight. */
  setPlayhead(seconds, isPlaying) {
    this.playhead = seconds;
    const { frames } = this.model;
    this.slider.setAttribute('aria-valuenow', seconds.toFixed(2));
    this.slider.setAttribute('aria-valuetext', frames.timecode(frames.at(seconds)));
    if (isPlaying && (seconds < this.view.from || seconds > this.view.to)) {
      const span = this.view.to - this.view.from;
      this.setView(seconds - span * 0.05, seconds + span * 0.95);
    }
    this.paintCursor();
  }

  /** Shows a span, in seconds, as far as it lies within the video. */
  setView(from, to) {
    const { duration, frames } = this.model;
    const span = Math.min(Math.max(to - from, FEWEST_FRAMES / frames.rate), duration);
    const start = Math.min(Math.max(from, 0), duration - span);
    this.view = { from: start, to: start + span };
    this.dispatchEvent(new Event('view'));
    this.paint();
    this.paintCursor();
  }

  /** Zooms in (above 1) or out about a time. */
  zoom(factor, about = this.#inSight(this.playhead)) {
    const { from, to } = this.view;
    this.setView(about - (about - from) / factor, about + (to - about) / factor);
  }

  zoomIn() {
    this.zoom(ZOOM_STEP);
  }

  zoomOut() {
    this.zoom(1 / ZOOM_STEP);
  }

  /** Shows all. */
  fit() {
    this.setView(0, this.model.duration);
  }

  /** Moves the view so that a span is in sight. */
  reveal(from, to) {
    const span = this.view.to - this.view.from;
    if (from >= this.view.from && to <= this.view.to) return;
    if (to - from > span) this.setView(from - (to - from) * 0.1, to + (to - from) * 0.1);
    else this.setView((from + to) / 2 - span / 2, (from + to) / 2 + span / 2);
  }

  /** What the overview shows at each of so many columns; it changes with the width alone. */
  overviewColumns(columns) {
    if (this.overview?.length !== columns) {
      this.overview = strongestLevels(this.model.segments, this.model.duration, columns);
    }
    return this.overview;
  }

  close() {
    this.watch.disconnect();
  }

  #inSight(seconds) {
    const { from, to } = this.view;
    return seconds >= from && seconds <= to ? seconds : (from + to) / 2;
  }

  get #perSecond() {
    return (this.width - LANES.gutter) / (this.view.to - this.view.from);
  }

  #secondsAt(x) {
    const seconds = this.view.from + (x - LANES.gutter) / this.#perSecond;
    return Math.min(Math.max(seconds, 0), this.model.duration);
  }

  #resize() {
    this.width = Math.max(this.element.clientWidth, LANES.gutter + 50);
    const ratio = devicePixelRatio || 1;
    for (const canvas of [this.base, this.cursor]) {
      canvas.width = Math.round(this.width * ratio);
      canvas.height = Math.round(LANES.height * ratio);
      canvas.getContext('2d').setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.palette ??= readPalette(this.element);
    this.#paint();
    this.#paintCursor();
  }

  #paint() {
    if (!this.palette || !this.width) return;
    new Painting(this.base.getContext('2d'), this, this.palette, this.width).paint();
  }

  #paintCursor() {
    if (!this.palette || !this.width) return;
    const context = this.cursor.getContext('2d');
    const bottom = LANES.moves.top + LANES.moves.names.length * LANES.moves.height;
    context.clearRect(0, 0, this.width, LANES.height);
    const at = (seconds) => LANES.gutter + (seconds - this.view.from) * this.#perSecond;
    if (this.hovered !== null) {
      context.fillStyle = this.palette.dim;
      context.fillRect(Math.round(at(this.hovered)), 0, 1, bottom);
    }
    const x = Math.round(at(this.playhead));
    if (x >= LANES.gutter - 1) {
      context.fillStyle = this.palette.playhead;
      context.fillRect(x - 0.75, 0, 1.5, bottom);
      context.beginPath();
      context.moveTo(x - 6, 0);
      context.lineTo(x + 6, 0);
      context.lineTo(x + 6, 7);
      context.lineTo(x, 14);
      context.lineTo(x - 6, 7);
      context.closePath();
      context.fill();
    }
    const { overview } = LANES;
    const place = LANES.gutter + (this.playhead / this.model.duration) * (this.width - LANES.gutter);
    context.fillStyle = this.palette.playhead;
    context.fillRect(Math.round(place), overview.top, 1, overview.height);
  }

  #wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 20 : 1;
    const along = event.shiftKey ? event.deltaY : event.deltaX;
    if (Math.abs(along) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      this.#pan((along * unit) / this.#perSecond);
    } else {
      const factor = Math.exp(-event.deltaY * unit * 0.0022);
      this.zoom(factor, this.#secondsAt(this.#place(event).x));
    }
  }

  #pan(seconds) {
    this.setView(this.view.from + seconds, this.view.to + seconds);
  }

  #place(event) {
    const box = this.slider.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  _pointerdown(event) {
    if (event.button !== 0 && event.button !== 1) return;
    const place = this.#place(event);
    this.slider.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, place);
    if (this.pointers.size > 1) {
      this.drag = null;
      return;
    }
    const isLane = place.y >= LANES.segments.top && place.y < LANES.overview.top;
    const kind = place.y >= LANES.overview.top ? 'overview' : isLane || event.button === 1 ? 'pan' : 'scrub';
    this.drag = { kind, start: place, last: place, moved: false };
    if (kind === 'scrub') this.#seek(place.x);
    if (kind === 'overview') this.#centre(place.x);
  }

  _pointermove(event) {
    const place = this.#place(event);
    const before = this.pointers.get(event.pointerId);
    if (before && this.pointers.size === 2) this.#pinch(event.pointerId, place);
    else if (before && this.drag) this.#dragged(place);
    if (before) this.pointers.set(event.pointerId, place);
    if (event.pointerType !== 'touch') this.#hover(place);
  }

  #dragged(place) {
    const { drag } = this;
    drag.moved ||= Math.abs(place.x - drag.start.x) > CLICK_PX;
    if (drag.kind === 'scrub') this.#seek(place.x);
    else if (drag.kind === 'overview') this.#centre(place.x);
    else if (drag.moved) this.#pan((drag.last.x - place.x) / this.#perSecond);
    drag.last = place;
  }

  #pinch(pointerId, place) {
    const [other] = [...this.pointers].filter(([id]) => id !== pointerId).map(([, at]) => at);
    const before = this.pointers.get(pointerId);
    const apart = Math.max(Math.abs(before.x - other.x), 10);
    const about = this.#secondsAt((place.x + other.x) / 2);
    this.zoom(Math.max(Math.abs(place.x - other.x), 10) / apart, about);
    this.#pan((before.x - place.x) / 2 / this.#perSecond);
  }

  _pointerup(event) {
    const { drag } = this;
    this.pointers.delete(event.pointerId);
    this.drag = null;
    if (!drag || drag.moved || drag.kind !== 'pan' || event.button !== 0) return;
    const index = this.segmentAt(this.#secondsAt(drag.start.x));
    if (index >= 0) this.dispatchEvent(new CustomEvent('segment', { detail: index }));
  }

  _pointercancel(event) {
    this.pointers.delete(event.pointerId);
    this.drag = null;
  }

  _pointerleave() {
    this.hovered = null;
    this.preview.hidden = true;
    this.paintCursor();
  }

  /** Index of the segment at a time; -1 where there is none. */
  segmentAt(seconds) {
    const { segments } = this.model;
    let low = 0;
    let high = segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (segments[middle].end.seconds <= seconds) low = middle + 1;
      else high = middle;
    }
    return low < segments.length && segments[low].start.seconds <= seconds ? low : -1;
  }

  #seek(x) {
    this.dispatchEvent(new CustomEvent('seek', { detail: this.#secondsAt(x) }));
  }

  #centre(x) {
    const share = Math.min(Math.max((x - LANES.gutter) / (this.width - LANES.gutter), 0), 1);
    const span = this.view.to - this.view.from;
    if (span >= this.model.duration - 1e-6) this.dispatchEvent(new CustomEvent('seek', { detail: share * this.model.duration }));
    else this.setView(share * this.model.duration - span / 2, share * this.model.duration + span / 2);
  }

  #hover(place) {
    const isOutside = place.x < LANES.gutter || place.y >= LANES.overview.top || place.y < 0;
    this.hovered = isOutside ? null : this.#secondsAt(place.x);
    this.hoverX = place.x;
    this.showPreview();
    this.paintCursor();
  }

  /** Shows what is under the pointer: its picture, timecode and segment. */
  showPreview() {
    this.preview.hidden = this.hovered === null;
    if (this.hovered === null) return;
    const { frames, segments } = this.model;
    const url = this.pictureAt(this.hovered);
    this.previewPicture.hidden = !url;
    if (url && this.previewPicture.src !== url) this.previewPicture.src = url;
    const index = this.segmentAt(this.hovered);
    const said = index < 0 ? [] : [
      `${index} ${segments[index].motion.level ?? 'unknown'}`, ...segments[index].camera.labels.map(cameraWords),
    ];
    this.previewText.replaceChildren(
      h('b', { text: frames.timecode(frames.at(this.hovered)) }), h('span', { text: said.join(' · ') }),
    );
    const half = Math.max(this.preview.offsetWidth / 2, 40);
    const left = Math.min(Math.max(this.hoverX, half + 4), this.width - half - 4);
    this.preview.style.transform = `translateX(${Math.round(left - half)}px)`;
  }
}
