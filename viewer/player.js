/**
 * The clock of a video page. A video element drives it where the browser can play the source;
 * else, and backwards, it runs by itself, and the picture follows it.
 */

const FASTEST = 8;
/** From then on a seek may be interrupted by the next: what has not arrived by now may be stuck. */
const LONG_SEEK_MS = 1000;

/** Emits `time`, `state` and `playable`. Times are seconds since the first displayed frame. */
export class Player extends EventTarget {
  /**
   * @param {HTMLVideoElement} element
   * @param {import('./timecode.js').FrameCount} frames
   * @param {number} duration
   */
  constructor(element, frames, duration) {
    super();
    this.element = element;
    this.frames = frames;
    this.duration = duration;
    this.time = 0;
    this.rate = 0;
    /** Whether the element shows the video: null while nobody knows. */
    this.isPlayable = null;
    /** The span that is played again and again; null for none. */
    this.loop = null;
    this.sources = [];
    this.ticking = 0;
    this.tickedAt = 0;
    /** Whether the frame to show is another one than the element is on its way to. */
    this.isBehind = false;
    this.soughtAt = 0;
    // A file whose sound alone can be decoded has no picture.
    element.addEventListener('loadeddata', () => (element.videoWidth > 0 ? this.#settle(true) : this.#next()));
    element.addEventListener('error', () => this.#next());
    element.addEventListener('seeked', () => this.#arrive());
  }

  /** Loads the first of some sources that can be played. */
  load(urls) {
    this.sources = [...urls];
    this.#next();
  }

  get isPlaying() {
    return this.rate !== 0;
  }

  /** Number of the frame at the playhead. */
  get frame() {
    return this.frames.at(this.time);
  }

  /** Goes to a time, to the start of its frame. */
  seek(seconds) {
    const last = Math.max(0, this.frames.at(this.duration - 0.1 / this.frames.rate));
    const frame = Math.min(this.frames.at(Math.max(0, seconds)), last);
    this.time = this.frames.seconds(frame);
    this.#showFrame();
    this.dispatchEvent(new Event('time'));
  }

  /** Moves by so many frames, and stops. */
  step(frames) {
    this.pause();
    this.seek(this.frames.seconds(this.frame + frames));
  }

  /** Plays at a rate; negative: backwards. */
  play(rate = 1) {
    this.rate = rate;
    const atEnd = this.time >= this.duration - 1.5 / this.frames.rate;
    if (rate > 0 && atEnd && !this.loop) this.seek(0);
    if (this.loop && (this.time < this.loop.from || this.time >= this.loop.to)) {
      this.seek(rate > 0 ? this.loop.from : this.loop.to);
    }
    if (this.#isElementDriven) {
      this.element.playbackRate = rate;
      this.element.play().catch(() => {});
    } else this.element.pause();
    this.tickedAt = performance.now();
    if (!this.ticking) this.ticking = requestAnimationFrame((now) => this.#tick(now));
    this.dispatchEvent(new Event('state'));
  }

  pause() {
    if (!this.isPlaying) return;
    this.rate = 0;
    this.element.pause();
    if (this.isPlayable) this.seek(this.time);
    this.dispatchEvent(new Event('state'));
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  /** As the L key: plays; again, twice as fast. As the J key with -1: backwards. */
  shuttle(direction) {
    const isSame = Math.sign(this.rate) === direction;
    this.play(isSame ? direction * Math.min(Math.abs(this.rate) * 2, FASTEST) : direction);
  }

  /** Stops for good, so that nothing holds on to the page. */
  close() {
    this.rate = 0;
    cancelAnimationFrame(this.ticking);
    this.element.pause();
    this.sources = [];
    this.element.removeAttribute('src');
    this.element.load();
  }

  get #isElementDriven() {
    return this.isPlayable === true && this.rate > 0;
  }

  #next() {
    if (this.sources.length) this.element.src = this.sources.shift();
    else this.#settle(false);
  }

  #settle(isPlayable) {
    if (this.isPlayable === isPlayable) return;
    this.isPlayable = isPlayable;
    if (isPlayable) this.#showFrame();
    if (this.isPlaying) this.play(this.rate);
    this.dispatchEvent(new Event('playable'));
  }

  #showFrame() {
    if (!this.isPlayable) return;
    // Where seeks interrupt each other, Chromium now and then never arrives at any.
    this.isBehind = this.element.seeking && performance.now() - this.soughtAt < LONG_SEEK_MS;
    if (this.isBehind) return;
    this.soughtAt = performance.now();
    // In the middle of a frame rounding cannot lead to its neighbour.
    this.element.currentTime = this.time + 0.5 / this.frames.rate;
  }

  #arrive() {
    if (this.isBehind) this.#showFrame();
    this.dispatchEvent(new Event('time'));
  }

  #tick(now) {
    this.ticking = 0;
    if (!this.isPlaying) return;
    if (this.#isElementDriven) {
      // Not while it seeks: it would still tell of the place before.
      if (!this.element.seeking) this.time = Math.min(this.element.currentTime, this.duration);
    } else {
      this.time += ((now - this.tickedAt) / 1000) * this.rate;
      if (!this.element.seeking) this.#showFrame();
    }
    this.tickedAt = now;
    this.#turnAtEnds();
    this.dispatchEvent(new Event('time'));
    if (this.isPlaying) this.ticking = requestAnimationFrame((next) => this.#tick(next));
  }

  #turnAtEnds() {
    const { from, to } = this.loop ?? { from: 0, to: this.duration };
    const isPast = this.rate > 0 ? this.time >= to - 0.25 / this.frames.rate || this.element.ended : this.time <= from;
    if (!isPast) return;
    if (this.loop) {
      const { rate } = this;
      this.seek(rate > 0 ? from : to - 1 / this.frames.rate);
      if (this.#isElementDriven && this.element.paused) this.element.play().catch(() => {});
    } else {
      this.time = Math.min(Math.max(this.time, 0), this.duration);
      this.pause();
    }
  }
}
