/**
 * The picture of a video page: the video itself, or the stills that follow the playhead; over it
 * the flow of the moment.
 */

import { fill, h, oncePerFrame } from './dom.js';
import { drawFlow, drawWheel } from './flow_picture.js';
import { percent } from './words.js';

/** What can lie over the picture. */
export const OVERLAYS = { none: 'No overlay', arrows: 'Arrows', wheel: 'Colour wheel', heat: 'Confidence' };

export class Stage {
  /**
   * @param {{width: number, height: number}} shape of the picture as displayed
   * @param {import('./chunks.js').ChunkStore} chunks
   * @param {import('./timecode.js').FrameCount} frames
   */
  constructor(shape, chunks, frames) {
    this.shape = shape;
    this.chunks = chunks;
    this.frames = frames;
    this.overlay = 'none';
    this.time = 0;
    /** Where there are no stills: gives the URL of the picture of the segment at a time. */
    this.fallback = async () => null;
    this.isPlayable = null;
    this.isPlaying = false;
    this.video = h('video', { playsinline: true, preload: 'auto', tabindex: '-1', 'aria-label': 'Video' });
    this.video.muted = false;
    this.still = h('img.still', { alt: '', hidden: true, draggable: 'false' });
    this.canvas = h('canvas.flow', { 'aria-hidden': 'true', hidden: true });
    this.note = h('p.stage-note', { role: 'status', hidden: true });
    this.caption = h('p.stage-caption', { hidden: true });
    this.legend = h('div.legend', { hidden: true, role: 'img' });
    this.frame = h('div.stage-frame', {}, this.video, this.still, this.canvas, this.caption, this.legend);
    this.element = h('div.stage', {}, this.frame, this.note);
    this.show = oncePerFrame(() => this.#show());
    this.watch = new ResizeObserver(() => this.#fit());
    this.watch.observe(this.element);
  }

  /** Shows what belongs to a time. */
  setTime(seconds, isPlaying) {
    this.time = seconds;
    this.isPlaying = isPlaying;
    this.show();
  }

  /** Says whether the browser plays the video; if not, stills take its place. */
  setPlayable(isPlayable, words) {
    this.isPlayable = isPlayable;
    this.video.hidden = !isPlayable;
    this.#say(isPlayable ? '' : words);
    this.show();
  }

  setOverlay(kind) {
    this.overlay = kind;
    this.#drawLegend();
    this.show();
  }

  close() {
    this.watch.disconnect();
  }

  #fit() {
    const { clientWidth, clientHeight } = this.element;
    const ratio = this.shape.width / this.shape.height;
    const width = Math.min(clientWidth, clientHeight * ratio);
    this.frame.style.width = `${Math.floor(width)}px`;
    this.frame.style.height = `${Math.floor(width / ratio)}px`;
    const pixels = devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.floor(width * pixels));
    this.canvas.height = Math.max(1, Math.floor((width / ratio) * pixels));
    this.shownGrid = null;
    this.show();
  }

  #say(text) {
    this.note.textContent = text;
    this.note.hidden = !text;
  }

  async #show() {
    const wantsGrid = this.overlay !== 'none';
    const wantsStill = this.isPlayable === false || (wantsGrid && !this.isPlaying);
    if (!wantsGrid && !wantsStill) {
      this.still.hidden = true;
      this.canvas.hidden = true;
      this.caption.hidden = true;
      return;
    }
    const { time } = this;
    const found = await this.chunks.at(time).catch(() => null);
    if (time !== this.time && Math.abs(time - this.time) > 1) return;
    if (found?.still) this.#showStill(found.still, wantsStill);
    else await this.#showFallback(wantsStill, time);
    this.#showGrid(wantsGrid ? found?.grid : null);
    this.#showCaption(found, wantsStill, wantsGrid);
  }

  #showStill(still, isWanted) {
    this.still.hidden = !isWanted;
    const url = stillUrl(still);
    if (isWanted && this.still.src !== url) this.still.src = url;
  }

  async #showFallback(isWanted, time) {
    const url = isWanted ? await this.fallback(time) : null;
    this.still.hidden = !url;
    if (url && this.still.src !== url) this.still.src = url;
  }

  #showGrid(grid) {
    this.canvas.hidden = !grid;
    if (!grid || (this.shownGrid === grid && this.shownKind === this.overlay)) return;
    this.shownGrid = grid;
    this.shownKind = this.overlay;
    const context = this.canvas.getContext('2d');
    const pixels = devicePixelRatio || 1;
    context.setTransform(pixels, 0, 0, pixels, 0, 0);
    const [width, height] = [this.canvas.width / pixels, this.canvas.height / pixels];
    context.clearRect(0, 0, width, height);
    drawFlow(context, grid, this.overlay, width, height);
  }

  #showCaption(found, hasStill, hasGrid) {
    const at = (moment) => this.frames.timecode(this.frames.at(moment.seconds));
    const parts = [];
    if (hasStill && found?.still) parts.push(`still ${at(found.still)}`);
    if (hasGrid && found?.grid) parts.push(`flow ${at(found.grid)}`, `confidence ${percent(meanConfidence(found.grid))}`);
    else if (hasGrid) parts.push(this.chunks.isGone ? 'the flow of this run is no longer stored' : 'no flow here');
    else if (hasStill && !found?.still && this.chunks.isGone) parts.push(this.still.hidden ? 'no picture of this moment is stored' : 'the stills of this run are no longer stored: the segment\u2019s picture');
    this.caption.textContent = parts.join(' · ');
    this.caption.hidden = !parts.length;
  }

  #drawLegend() {
    this.legend.hidden = this.overlay === 'none';
    if (this.overlay === 'heat') {
      this.legend.setAttribute('aria-label', 'Confidence from low, dark, to high, bright');
      fill(this.legend, h('span', { text: '0' }), h('span.heat-ramp'), h('span', { text: '100%' }));
    } else if (this.overlay !== 'none') {
      this.legend.setAttribute('aria-label', 'Colour tells the direction of motion, opacity its confidence');
      const wheel = h('canvas.wheel');
      drawWheel(wheel, 52);
      fill(this.legend, wheel);
    }
  }
}

/** The URL of a still; it holds as long as the still's chunk is kept. */
export function stillUrl(still) {
  still.url ??= URL.createObjectURL(still.jpeg);
  return still.url;
}

function meanConfidence(grid) {
  let sum = 0;
  for (let i = 2; i < grid.values.length; i += 3) sum += Math.max(grid.values[i], 0);
  return sum / (grid.values.length / 3) / 127;
}
