/** Small marks that say the same thing the same way everywhere: levels, camera moves, status. */

import { h, icon } from './dom.js';
import { LEVELS, cameraSign, cameraWords, percent } from './words.js';

/** A level as a meter of five steps with its word: colour never says it alone. */
export function levelBadge(level, prefix = '') {
  const rank = LEVELS.indexOf(level);
  const name = rank < 0 ? 'unknown' : level;
  return h('span.level', { data: { level: name } }, h('span.meter', { 'aria-hidden': 'true' }, ...LEVELS.map((_, i) => h(`i${i <= rank ? '.on' : ''}`))), h('span', { text: prefix + name }));
}

/** What the camera does, a chip each; of more than `most` only the signs are seen. */
export function cameraChips(labels, most = Infinity) {
  if (!labels.length) return [h('span.chip.unknown', { text: 'camera unknown' })];
  const words = labels.length > most ? 'span.visually-hidden' : 'span';
  return labels.map((label) => h('span.chip', { title: cameraWords(label) }, h('span.sign', { 'aria-hidden': 'true', text: cameraSign(label) || '·' }), h(words, { text: `${cameraWords(label)} ` })));
}

/** The status of an analysis; nothing where it is complete. */
export function statusBadge(status, reason) {
  if (status === 'complete') return null;
  return h('span.status', { data: { status }, title: reason }, icon('warning'), h('span', { text: status }));
}

/** How long a video is at each level, as a bar; the words are for those who cannot see it. */
export function levelBar(levelSeconds, duration) {
  const known = LEVELS.filter((level) => levelSeconds[level] > 0);
  const sum = known.reduce((total, level) => total + levelSeconds[level], 0);
  const whole = Math.max(duration ?? 0, sum, 1e-6);
  const words = known.map((level) => `${level} ${percent(levelSeconds[level] / whole)}`).join(', ');
  const bar = h('div.level-bar', { role: 'img', 'aria-label': `Motion: ${words || 'unknown'}`, title: words });
  for (const level of known) {
    const part = h('i', { data: { level } });
    part.style.flexGrow = String(levelSeconds[level] / whole);
    bar.append(part);
  }
  const rest = 1 - sum / whole;
  if (rest > 0.002) {
    const part = h('i', { data: { level: 'unknown' } });
    part.style.flexGrow = String(rest);
    bar.append(part);
  }
  return bar;
}

/** Confidence as a bar with its figure. */
export function confidenceBar(share) {
  const filled = h('i');
  filled.style.width = `${Math.round((share ?? 0) * 100)}%`;
  return h('span.confidence', { title: 'Confidence' }, h('span.visually-hidden', { text: 'confidence ' }), h('span.track', { 'aria-hidden': 'true' }, filled), h('span', { text: percent(share) }));
}
