/** Names, numbers and times as people read them. */

export const LEVELS = ['static', 'low', 'medium', 'high', 'extreme'];
export const STEADINESS = ['locked', 'smooth', 'handheld', 'shaky'];
export const STATUSES = ['complete', 'partial', 'skipped', 'failed'];

const CAMERA_WORDS = {
  static: ['static', '▪'],
  pan_left: ['pan left', '←'],
  pan_right: ['pan right', '→'],
  tilt_up: ['tilt up', '↑'],
  tilt_down: ['tilt down', '↓'],
  zoom_in: ['zoom in', '⊕'],
  zoom_out: ['zoom out', '⊖'],
  roll_cw: ['roll clockwise', '↻'],
  roll_ccw: ['roll counter-clockwise', '↺'],
  handheld: ['hand-held', '≈'],
};

/** A label of the camera in words: "pan left". One that this viewer does not know stays as it is. */
export function cameraWords(label) {
  return CAMERA_WORDS[label]?.[0] ?? String(label).replaceAll('_', ' ');
}

/** A sign for a label of the camera; empty for one that is not known. */
export function cameraSign(label) {
  return CAMERA_WORDS[label]?.[1] ?? '';
}

export const CAMERA_LABELS = Object.keys(CAMERA_WORDS);

/** A flag in words: "low light". */
export function flagWords(flag) {
  return String(flag).replaceAll('_', ' ');
}

/** A duration: "8.4 s", "3:05", "1:02:03". */
export function clock(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${hours ? String(minutes).padStart(2, '0') : minutes}:${String(rest).padStart(2, '0')}`;
  return hours ? `${hours}:${tail}` : tail;
}

/** A share as percent: "42%"; a dash where it is unknown. */
export function percent(share) {
  return share === null || share === undefined ? '–' : `${Math.round(share * 100)}%`;
}

/** A number with its noun: "1 segment", "12 segments". */
export function count(number, noun) {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

/** A rate with sign and three digits; a dash where it is unknown. */
export function signed(value, digits = 2) {
  if (value === null || value === undefined) return '–';
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
}

/** The day and time of an ISO instant, in the reader's zone. */
export function day(instant) {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return '–';
  const two = (number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The rate as editors write it: "25", "23.976", "29.97". */
export function rateWords(rate) {
  const value = fraction(rate);
  return value === null ? '–' : String(Math.round(value * 1000) / 1000);
}

/** A rational such as "30000/1001" as a number; null where there is none. */
export function fraction(text) {
  const found = /^(\d+)\/(\d+)$/.exec(text ?? '');
  return found && Number(found[2]) ? Number(found[1]) / Number(found[2]) : null;
}
