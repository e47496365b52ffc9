/** The segments of a video as a list: chosen, marked, filtered. Knows nothing of where they come from. */

import { cameraChips, confidenceBar, levelBadge } from './badges.js';
import { h, icon } from './dom.js';
import { VirtualList } from './virtual_list.js';
import { clock, percent } from './words.js';

const ROW_HEIGHT = 66;

/** Emits `choose` (detail: index; it was clicked) and `mark` (detail: index). */
export class SegmentList extends EventTarget {
  /**
   * @param {object[]} segments of motion.json
   * @param {(segment: object) => Promise<string|null>} pictureOf URL of a segment's picture
   */
  constructor(segments, pictureOf) {
    super();
    this.segments = segments;
    this.pictureOf = pictureOf;
    this.indices = segments.map((_, index) => index);
    this.marks = new Set();
    this.current = -1;
    this.list = new VirtualList({
      rowHeight: ROW_HEIGHT,
      render: (row) => this.#row(row),
      attributes: {
        role: 'listbox', 'aria-label': 'Segments', 'aria-multiselectable': 'true', tabindex: '0',
      },
    });
    this.body = this.list.body;
    this.element = this.list.element;
    this.body.addEventListener('click', (event) => this.#click(event));
  }

  /** Shows these segments, in order. */
  setIndices(indices) {
    this.indices = indices;
    this.list.element.scrollTop = 0;
    this.list.reset(indices.length);
    this.#tellCurrent();
    if (this.current >= 0) this.reveal();
  }

  setMarks(marks) {
    const before = this.marks;
    this.marks = new Set(marks);
    for (const index of new Set([...before, ...marks])) {
      if (before.has(index) !== this.marks.has(index)) this.list.refresh(this.indices.indexOf(index));
    }
  }

  /** Makes a segment the current one. */
  setCurrent(index) {
    if (index === this.current) return;
    const before = this.current;
    this.current = index;
    for (const each of [before, index]) this.list.refresh(this.indices.indexOf(each));
    this.#tellCurrent();
  }

  /** Scrolls to the current segment. */
  reveal() {
    const row = this.indices.indexOf(this.current);
    if (row >= 0) this.list.reveal(row);
  }

  /**
   * The segment so many places after the current one in the list; the nearest end if none is.
   * @param {number} place where the playhead is among the segments, for when none is current
   */
  neighbour(step, place) {
    if (!this.indices.length) return -1;
    const row = this.indices.indexOf(this.current);
    if (row >= 0) return this.indices[Math.min(Math.max(row + step, 0), this.indices.length - 1)];
    const from = this.current < 0 ? place : this.current;
    const after = this.indices.findIndex((index) => index > from);
    if (step > 0) return this.indices[after < 0 ? this.indices.length - 1 : after];
    return this.indices[after < 0 ? this.indices.length - 1 : Math.max(after - 1, 0)];
  }

  #tellCurrent() {
    const isListed = this.indices.includes(this.current);
    if (isListed) this.body.setAttribute('aria-activedescendant', `segment-${this.current}`);
    else this.body.removeAttribute('aria-activedescendant');
  }

  #click(event) {
    const row = event.target.closest('.segment');
    if (!row) return;
    const detail = Number(row.dataset.index);
    const type = event.target.closest('.mark-toggle') ? 'mark' : 'choose';
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #row(row) {
    const index = this.indices[row];
    const segment = this.segments[index];
    const isMarked = this.marks.has(index);
    const picture = h('span.frame', { 'aria-hidden': 'true' });
    this.pictureOf(segment).then((src) => src && picture.append(h('img', { src, alt: '', loading: 'lazy', decoding: 'async', draggable: 'false' })), () => {});
    const subject = segment.subject.level === null ? 'subject unknown' : `subject ${segment.subject.level}${segment.subject.area ? ` ${percent(segment.subject.area)}` : ''}`;
    return h('div.segment', {
      role: 'option', id: `segment-${index}`, 'aria-selected': String(isMarked), 'aria-posinset': String(row + 1), 'aria-setsize': String(this.indices.length),
      data: { index, current: String(index === this.current) },
    }, picture,
    h('div.segment-top', {}, h('span.number', { text: String(index) }), h('span.timecode', { text: segment.start.timecode }), h('span.length', { text: clock(segment.end.seconds - segment.start.seconds) }), levelBadge(segment.motion.level)),
    h('div.segment-bottom', {}, ...cameraChips(segment.camera.labels), h('span.subject', { text: subject }), segment.flags.length ? h('span.flags', { title: segment.flags.join(', ') }, icon('warning'), h('span', { text: String(segment.flags.length) }), h('span.visually-hidden', { text: ` flags: ${segment.flags.join(', ')}` })) : null, confidenceBar(segment.confidence.mean)),
    h('span.mark-toggle', { 'aria-hidden': 'true', title: 'Mark (M)', data: { on: String(isMarked) } }, icon('mark')));
  }
}
