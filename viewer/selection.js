/** Marked segments: kept for each run, and exported. */

import { announce } from './announce.js';
import { h, icon } from './dom.js';
import { download, exportCommand, nameOf, toCsv, toEdl, toJson } from './exports.js';
import { openDialog } from './help.js';
import { count } from './words.js';

const PREFIX = 'flowtag.marks ';

/** The marks that were made of a run in this browser before. */
export function storedMarks(runId) {
  const text = localStorage.getItem(PREFIX + runId) ?? '';
  return parseMarks(text);
}

/** Keeps the marks of a run. */
export function storeMarks(runId, marks) {
  if (marks.size) localStorage.setItem(PREFIX + runId, formatMarks(marks));
  else localStorage.removeItem(PREFIX + runId);
}

/** Marks as "1,5,9-12". */
export function formatMarks(marks) {
  const spans = [];
  for (const index of [...marks].sort((a, b) => a - b)) {
    const last = spans[spans.length - 1];
    if (last && index === last[1] + 1) last[1] = index;
    else spans.push([index, index]);
  }
  return spans.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}

/** Reads what `formatMarks` wrote; parts that are none are left out. */
export function parseMarks(text) {
  const marks = new Set();
  for (const part of (text ?? '').split(',')) {
    const found = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part);
    if (!found) continue;
    for (let index = Number(found[1]); index <= Number(found[2] ?? found[1]); index += 1) marks.add(index);
  }
  return marks;
}

/**
 * Opens the dialog that exports segments.
 * @param {object} run of a source
 * @param {object[]} segments in order
 * @param {import('./timecode.js').FrameCount} frames
 */
export function showExport(run, segments, frames) {
  const indices = segments.map((segment) => segment.index);
  const stem = nameOf(run.motion).replace(/\.[^.]*$/, '');
  const save = (suffix, make) => h('button.format', {
    type: 'button',
    on: { click: () => { download(`${stem}.${suffix}`, make()); announce(`${stem}.${suffix} was saved`); } },
  });
  const here = [
    labelled(save('edl', () => toEdl(run.motion, segments, frames)), 'EDL', 'markers for DaVinci Resolve'),
    labelled(save('csv', () => toCsv(segments)), 'CSV', 'a table of all figures'),
    labelled(save('json', () => toJson(run.motion, segments)), 'JSON', 'as motion.json has them'),
  ];
  const formats = run.source.exportFormats.map((format) => labelled(h('button.format', {
    type: 'button', on: { click: () => exportThere(run, format, indices, stem) },
  }), format, 'by flowtag export'));
  const command = exportCommand(run.runId ? `${run.videoId}/${run.runId}` : nameOf(run.motion), indices);
  const text = h('code', { text: command, tabindex: '0' });
  const copy = h('button.quiet', { type: 'button', text: 'Copy', on: { click: () => copyText(command, 'The command was copied') } });
  openDialog(`Export ${count(segments.length, 'segment')}`,
    h('div.formats', {}, ...here, ...formats),
    h('h3', { text: 'For other programs' }),
    h('p.hint', { text: 'In the folder of results, this command writes Premiere, Final Cut, Avid and OpenTimelineIO files too: choose one by --format.' }),
    h('div.command', {}, text, copy));
}

function labelled(button, title, text) {
  button.append(icon('export'), h('b', { text: title }), h('span', { text }));
  return button;
}

async function exportThere(run, format, indices, stem) {
  try {
    download(`${stem}.${format}`, await run.exported(format, `index in (${indices.join(', ')})`));
    announce(`${stem}.${format} was saved`);
  } catch (error) {
    announce(`Not exported: ${error.message}`);
  }
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
