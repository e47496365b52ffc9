/** SMPTE timecode (ST 12-1), as flowtag/timing.py counts it. */

/**
 * Writes a frame number as timecode.
 * @param {number} frame since midnight
 * @param {number} base frames counted per second: 30 for 29.97
 * @param {boolean} dropFrame whether numbers are left out to keep with the clock
 */
export function formatTimecode(frame, base, dropFrame) {
  let number = frame;
  if (dropFrame) {
    const dropped = (2 * base) / 30;
    const perMinute = base * 60 - dropped;
    const perTen = base * 600 - 9 * dropped;
    number = modulo(number, perTen * 144);
    const rest = number % perTen;
    const minutes = rest < base * 60 ? 0 : 1 + Math.floor((rest - base * 60) / perMinute);
    number += dropped * (9 * Math.floor(number / perTen) + minutes);
  }
  number = modulo(number, base * 86400);
  const seconds = Math.floor(number / base);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const frames = String(number % base).padStart(base > 100 ? 3 : 2, '0');
  return `${parts.map((part) => String(part).padStart(2, '0')).join(':')}${dropFrame ? ';' : ':'}${frames}`;
}

/**
 * Reads timecode.
 * @returns {number|null} frames since midnight; null if it is no timecode
 */
export function parseTimecode(text, base, dropFrame) {
  const found = /^(\d{1,2}):(\d{2}):(\d{2})[:;.,](\d{2,3})$/.exec(text ?? '');
  if (!found) return null;
  const [hours, minutes, seconds, frames] = found.slice(1).map(Number);
  const number = (hours * 3600 + minutes * 60 + seconds) * base + frames;
  if (!dropFrame) return number;
  const total = hours * 60 + minutes;
  return number - ((2 * base) / 30) * (total - Math.floor(total / 10));
}

/**
 * How much before its time a frame begins already. Matroska and WebM, like the page's address, round
 * times to milliseconds: at 29.97 a second frame 1 begins at 0.033, which is 0.989 frames.
 */
const FORGIVEN_FRAMES = 0.05;

/** Frames of a video: from seconds and back, and their timecode. */
export class FrameCount {
  /** @param {object} video of motion.json */
  constructor(video) {
    const [top, bottom] = (video.frame_rate ?? '25/1').split('/').map(Number);
    this.rate = top / bottom || 25;
    this.base = Math.round(this.rate);
    this.dropFrame = Boolean(video.drop_frame);
    this.start = parseTimecode(video.timecode, this.base, this.dropFrame) ?? 0;
  }

  /** Number of the frame that is shown at a time in seconds. */
  at(seconds) {
    return Math.max(0, Math.floor(seconds * this.rate + FORGIVEN_FRAMES));
  }

  /** When a frame begins, in seconds. */
  seconds(frame) {
    return frame / this.rate;
  }

  /** Timecode of a frame, start timecode included. */
  timecode(frame) {
    return formatTimecode(this.start + frame, this.base, this.dropFrame);
  }
}

function modulo(number, by) {
  return ((number % by) + by) % by;
}
