/** Marked segments as files that the page itself can write: EDL, CSV, JSON. */

import { LEVELS } from './words.js';

const NAME_LENGTH = 60;
/** An event's number has three digits. */
const MOST_EVENTS = 999;

/**
 * CMX3600 of markers, as DaVinci Resolve reads them: "Timelines > Import > Timeline Markers from
 * EDL". Two marks on one frame become one, since Resolve keeps only one of them.
 * @throws {Error} there are more than an EDL can number
 */
export function toEdl(motion, segments, frames) {
  const title = oneLine(nameOf(motion)).slice(0, NAME_LENGTH);
  const lines = [`TITLE: ${title}`, `FCM: ${frames.dropFrame ? 'DROP FRAME' : 'NON-DROP FRAME'}`, ''];
  const groups = merged(segments);
  if (groups.length > MOST_EVENTS) throw new Error(`an EDL numbers ${MOST_EVENTS} events at most, and these are ${groups.length.toLocaleString('en')}: mark fewer, or use another format`);
  groups.forEach((group, i) => {
    const [first] = group;
    const from = frames.timecode(first.start.frame);
    const to = frames.timecode(first.start.frame + 1);
    const length = group.reduce((most, segment) => Math.max(most, segment.end.frame - segment.start.frame), 1);
    const name = oneLine(group.map(describe).join('; ')).slice(0, NAME_LENGTH);
    lines.push(
      `${String(i + 1).padStart(3, '0')}  001      V     C        ${from} ${to} ${from} ${to}`,
      ` |C:${COLOURS[strongest(group)] ?? 'ResolveColorCream'} |M:${name} |D:${length}`,
      '',
    );
  });
  return lines.join('\r\n');
}

const COLOURS = {
  static: 'ResolveColorBlue', low: 'ResolveColorCyan', medium: 'ResolveColorGreen',
  high: 'ResolveColorYellow', extreme: 'ResolveColorRed',
};

const COLUMNS = {
  index: (s) => s.index,
  shot: (s) => s.shot,
  start: (s) => s.start.timecode,
  end: (s) => s.end.timecode,
  start_seconds: (s) => s.start.seconds,
  end_seconds: (s) => s.end.seconds,
  level: (s) => s.motion.level,
  speed: (s) => s.motion.speed,
  direction: (s) => s.motion.direction,
  camera: (s) => s.camera.labels.join(' '),
  steadiness: (s) => s.camera.steadiness,
  pan: (s) => s.camera.pan,
  tilt: (s) => s.camera.tilt,
  zoom: (s) => s.camera.zoom,
  roll: (s) => s.camera.roll,
  subject: (s) => s.subject.level,
  subject_area: (s) => s.subject.area,
  peak: (s) => s.peak?.timecode ?? null,
  confidence: (s) => s.confidence.mean,
  coverage: (s) => s.confidence.coverage,
  flags: (s) => s.flags.join(' '),
};

/** A table (RFC 4180), a row a segment; unknown is empty. */
export function toCsv(segments) {
  const rows = segments.map((segment) => Object.values(COLUMNS).map((read) => cell(read(segment))));
  return [Object.keys(COLUMNS), ...rows].map((row) => row.join(',')).join('\r\n') + '\r\n';
}

/** The segments as motion.json has them, with the video that they are of. */
export function toJson(motion, segments) {
  return `${JSON.stringify({ schema: motion.schema, video: motion.video, segments }, null, 1)}\n`;
}

const LONGEST_FILTER = 1000;

/** A filter that matches just these segments; null where it would be longer than a filter may be. */
export function whereOf(indices) {
  const terms = [];
  const alone = [];
  for (const [from, to] of spansOf(indices)) {
    if (to - from > 1) terms.push(`index >= ${from} and index <= ${to}`);
    else alone.push(from, ...(to > from ? [to] : []));
  }
  if (alone.length) terms.push(`index in (${alone.join(', ')})`);
  const text = terms.join(' or ');
  return text.length > LONGEST_FILTER ? null : text;
}

/** Runs of neighbours, as first and last of each. */
export function spansOf(indices) {
  const spans = [];
  for (const index of [...indices].sort((a, b) => a - b)) {
    const last = spans[spans.length - 1];
    if (last && index === last[1] + 1) last[1] = index;
    else spans.push([index, index]);
  }
  return spans;
}

/** The command that exports what a filter matches, in any format that flowtag writes. */
export function exportCommand(run, where, format = 'otio') {
  return `flowtag export ${run} --format ${format}${where ? ` --where '${where}'` : ''}`;
}

/** Offers a text as a file to keep. */
export function download(name, content) {
  const blob = content instanceof Blob ? content : new Blob([content], { type: 'application/octet-stream' });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** The file's name of a video, without its folders. */
export function nameOf(motion) {
  return String(motion.video.uri).replace(/\/+$/, '').split('/').pop() || String(motion.video.uri);
}

function merged(segments) {
  const groups = new Map();
  for (const segment of segments) {
    const group = groups.get(segment.start.frame) ?? [];
    group.push(segment);
    groups.set(segment.start.frame, group);
  }
  return [...groups.values()];
}

function strongest(segments) {
  return segments.reduce((level, { motion }) => (LEVELS.indexOf(motion.level) > LEVELS.indexOf(level) ? motion.level : level), null);
}

function describe(segment) {
  return [`#${segment.index}`, segment.motion.level ?? 'unknown', ...segment.camera.labels].join(' ');
}

function oneLine(text) {
  return text.replace(/[\p{C}|]+/gu, ' ').trim();
}

function cell(value) {
  if (value === null || value === undefined) return '';
  const text = String(value);
  // A spreadsheet takes what begins like this for a formula, and runs it.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
