/** What a filter may ask of a segment of motion.json: fields, their kinds, and the words they know. */

const LEVELS = ['static', 'low', 'medium', 'high', 'extreme'];
const STEADINESS = ['locked', 'smooth', 'handheld', 'shaky'];
const CAMERA = [
  'static', 'pan_left', 'pan_right', 'tilt_up', 'tilt_down', 'zoom_in', 'zoom_out',
  'roll_cw', 'roll_ccw', 'handheld',
];
/** A word for any of some labels. */
export const CAMERA_GROUPS = {
  pan: ['pan_left', 'pan_right'],
  tilt: ['tilt_up', 'tilt_down'],
  zoom: ['zoom_in', 'zoom_out'],
  roll: ['roll_cw', 'roll_ccw'],
};
const FLAGS = [
  'low_texture', 'low_light', 'photometric_change', 'flash', 'black', 'blank', 'low_coverage',
  'no_pairs', 'single_frame', 'frozen', 'dropped_frames', 'corrupt_frames', 'truncated',
  'not_analyzed', 'fade_in', 'fade_out',
];
/** In degrees. */
export const DIRECTIONS = { right: 0, up: 90, left: 180, down: 270 };
export const MICROSECONDS = 1_000_000;

const number = (read) => ({ kind: 'number', read });
const duration = (read) => ({ kind: 'duration', read });
const ordered = (words, read) => ({ kind: 'ordered', words, read });

/** Whole microseconds, to which motion.json rounds: 9.68 - 7.48 is to be 2.2. */
function microseconds(seconds) {
  return Math.floor(seconds * MICROSECONDS + 0.5);
}

/** What can be asked of a segment: the kind of each field, and how it is read. */
export const FIELDS = {
  level: ordered(LEVELS, (s) => s.motion.level),
  subject: ordered(LEVELS, (s) => s.subject.level),
  steadiness: ordered(STEADINESS, (s) => s.camera.steadiness),
  camera: { kind: 'set', words: CAMERA, groups: CAMERA_GROUPS, read: (s) => s.camera.labels },
  flags: { kind: 'set', words: FLAGS, groups: {}, read: (s) => s.flags },
  direction: { kind: 'direction', read: (s) => s.motion.direction },
  activity: number((s) => s.motion.activity),
  speed: number((s) => s.motion.speed),
  peak: number((s) => s.peak && s.peak.speed),
  area: number((s) => s.motion.moving_area),
  pan: number((s) => s.camera.pan),
  tilt: number((s) => s.camera.tilt),
  zoom: number((s) => s.camera.zoom),
  roll: number((s) => s.camera.roll),
  shake: number((s) => s.camera.shake),
  subject_speed: number((s) => s.subject.speed),
  subject_area: number((s) => s.subject.area),
  confidence: number((s) => s.confidence.mean),
  coverage: number((s) => s.confidence.coverage),
  camera_confidence: number((s) => s.camera.confidence),
  length: duration((s) => microseconds(s.end.seconds) - microseconds(s.start.seconds)),
  start: duration((s) => microseconds(s.start.seconds)),
  end: duration((s) => microseconds(s.end.seconds)),
  index: number((s) => s.index),
  shot: number((s) => s.shot),
};
