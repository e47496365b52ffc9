/** Marked segments: kept for each run, and exported. */

import { announce } from './announce.js';
import { h, icon } from './dom.js';
import { download, exportCommand, nameOf, spansOf, toCsv, toEdl, toJson } from './exports.js';
import { openDialog } from './help.js';
import { count, rateWords } from './words.js';

const PREFIX = 'flowtag.marks ';

/** The marks that were made of a run, of so many segments, in this browser before. */
export function storedMarks(runId, segments) {
  return parseMarks(localStorage.getItem(PREFIX + runId), segments);
}

/** Keeps the marks of a run. */
export function storeMarks(runId, marks) {
  if (marks.size) localStorage.setItem(PREFIX + runId, formatMarks(marks));
  else localStorage.removeItem(PREFIX + runId);
}

/** Marks as "1,5,9-12". */
export function formatMarks(marks) {
  return spansOf(marks).map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}

/** Reads what `formatMarks` wrote of so many segments; parts that are none are left out. */
export function parseMarks(text, segments) {
  // At each segment, how many spans begin less how many have ended: however many spans a link
  // repeats, each costs the same.
  const steps = new Int32Array(segments + 1);
  for (const part of (text ?? '').split(',')) {
    const found = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part);
    if (!found) continue;
    const [first, last] = [Number(found[1]), Math.min(Number(found[2] ?? found[1]), segments - 1)];
    if (first > last) continue;
    steps[first] += 1;
    steps[last + 1] -= 1;
  }
  const marks = new Set();
  let depth = 0;
  for (let index = 0; index < segments; index += 1) {
    depth += steps[index];
    if (depth > 0) marks.add(index);
  }
  return marks;
}

const FORMATS = {
  otio: ['OpenTimelineIO', 'otio', 'Resolve and others'],
  edl: ['EDL', 'edl', 'markers for DaVinci Resolve'],
  fcp7xml: ['Premiere', 'xml', 'XML of Final Cut Pro 7'],
  fcpxml: ['Final Cut Pro', 'fcpxml', 'markers and keywords'],
  csv: ['CSV', 'csv', 'a table of all figures'],
  json: ['JSON', 'json', 'as motion.json has them'],
  jsonl: ['JSON lines', 'jsonl', 'a segment a line'],
  vtt: ['WebVTT', 'vtt', 'cues for a player'],
  ffmetadata: ['Chapters', 'txt', 'for FFmpeg'],
};

/**
 * Opens the dialog that exports segments. The page itself writes three formats; the server of
 * `flowtag view` writes all that `flowtag export` does.
 * @param {object} run of a source
 * @param {object[]} segments in order
 * @param {string|null} where filter that matches just these; null where none can
 * @param {import('./timecode.js').FrameCount} frames
 */
export function showExport(run, segments, where, frames) {
  const stem = nameOf(run.motion).replace(/\.[^.]*$/, '');
  const here = {
    edl: () => toEdl(run.motion, segments, frames), csv: () => toCsv(segments), json: () => toJson(run.motion, segments),
  };
  const there = where === null ? [] : run.source.exportFormats;
  const makers = [
    ...there.map((format) => [format, () => run.exported(format, where)]),
    ...Object.entries(here).filter(([format]) => !there.includes(format)),
  ];
  const buttons = makers.map(([format, make]) => formatButton(format, stem, make));
  openDialog(`Export ${count(segments.length, 'segment')}`, varying(run.motion.video), h('div.formats', {}, ...buttons), ...commandOf(run, where));
}

function varying(video) {
  if (!video.variable_frame_rate) return null;
  return h('p.hint', { text: `The frame rate varies; frames are counted at ${rateWords(video.frame_rate ?? '25/1')} per second.` });
}

function formatButton(format, stem, make) {
  const [title, suffix, text] = FORMATS[format] ?? [format, format, 'by flowtag export'];
  const save = async () => {
    try {
      download(`${stem}.${suffix}`, await make());
      announce(`${stem}.${suffix} was saved`);
    } catch (error) {
      announce(`Not exported: ${error.message}`);
    }
  };
  return h('button.format', { type: 'button', on: { click: save } }, icon('export'), h('b', { text: title }), h('span', { text }));
}

function commandOf(run, where) {
  if (where === null) return [h('p.hint', { text: 'These are more marks than one filter can name: for other programs, mark fewer, or export by a filter.' })];
  const command = exportCommand(`${run.videoId}/${run.runId}`, where);
  const copy = h('button.quiet', { type: 'button', text: 'Copy', on: { click: () => copyText(command, 'The command was copied') } });
  return [
    h('h3', { text: 'The same by a command' }),
    h('p.hint', { text: 'In the folder of results; --format says for which program.' }),
    h('div.command', {}, h('code', { text: command, tabindex: '0' }), copy),
  ];
}

/** Copies a text, and says so. */
export async function copyText(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    announce(said);
  } catch {
    announce('The browser does not let this page copy');
  }
}
