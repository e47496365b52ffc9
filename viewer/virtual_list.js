/** A list of any length of which only what is in sight is in the page. */

import { h, oncePerFrame } from './dom.js';

const OVERSCAN = 4;

export class VirtualList {
  /**
   * @param {object} options
   * @param {number} options.rowHeight in CSS px, of every row
   * @param {(index: number) => HTMLElement} options.render makes a row
   * @param {object} options.attributes of the element that holds the rows
   */
  constructor({ rowHeight, render, attributes }) {
    this.rowHeight = rowHeight;
    this.render = render;
    this.length = 0;
    this.rows = new Map();
    this.keys = new WeakMap();
    this.keyOf = null;
    this.body = h('div.virtual-body', attributes);
    this.element = h('div.virtual', { role: 'none' }, this.body);
    this.update = oncePerFrame(() => this.#update());
    this.element.addEventListener('scroll', this.update, { passive: true });
    new ResizeObserver(this.update).observe(this.element);
  }

  /**
   * Shows so many rows; stays where it was scrolled to, as far as that goes.
   * @param {number} length
   * @param {(index: number) => string} [keyOf] says what a row shows: one that shows the same as
   *   before is kept as it is, with its pictures and the focus
   */
  reset(length, keyOf = null) {
    this.length = length;
    for (const [index, row] of this.rows) {
      if (keyOf && index < length && this.keys.get(row) === keyOf(index)) continue;
      row.remove();
      this.rows.delete(index);
    }
    this.keyOf = keyOf;
    this.body.style.height = `${length * this.rowHeight}px`;
    this.#update();
  }

  /** Makes rows anew that are in sight; all where none is named. */
  refresh(index) {
    if (index === undefined) {
      this.reset(this.length);
      return;
    }
    const row = this.rows.get(index);
    if (!row) return;
    const made = this.#made(index);
    row.replaceWith(made);
    this.rows.set(index, made);
  }

  /** Scrolls as little as needed to show a row whole. */
  reveal(index) {
    const top = index * this.rowHeight;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + this.rowHeight > scrollTop + clientHeight) {
      this.element.scrollTop = top + this.rowHeight - clientHeight;
    }
    this.#update();
  }

  /** The element of a row; null while it is out of sight. */
  row(index) {
    return this.rows.get(index) ?? null;
  }

  #made(index) {
    const row = this.render(index);
    if (this.keyOf) this.keys.set(row, this.keyOf(index));
    row.style.height = `${this.rowHeight}px`;
    row.style.transform = `translateY(${index * this.rowHeight}px)`;
    return row;
  }

  #update() {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / this.rowHeight) - OVERSCAN);
    const last = Math.min(this.length, Math.ceil((scrollTop + clientHeight) / this.rowHeight) + OVERSCAN);
    for (const [index, row] of this.rows) {
      // One that has the focus stays, so that the keyboard does not lose its place.
      if ((index < first || index >= last) && !row.contains(document.activeElement)) {
        row.remove();
        this.rows.delete(index);
      }
    }
    const fresh = document.createDocumentFragment();
    for (let index = first; index < last; index += 1) {
      if (this.rows.has(index)) continue;
      const row = this.#made(index);
      this.rows.set(index, row);
      fresh.append(row);
    }
    this.body.append(fresh);
  }
}
