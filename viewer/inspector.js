/** All figures of one segment. */

import { levelBadge } from './badges.js';
import { fill, h } from './dom.js';
import { clock, flagWords, percent, signed } from './words.js';

const RATES = [['pan', 'w/s', 2], ['tilt', 'h/s', 2], ['zoom', '/s', 2], ['roll', '°/s', 1]];

/** Shows a segment in an element; null: none is chosen. */
export function showSegment(element, segment) {
  if (!segment) {
    fill(element, h('p.hint', { text: 'No segment at the playhead.' }));
    return;
  }
  const { motion, camera, subject, confidence, peak } = segment;
  fill(element,
    h('div.inspector-head', {}, h('h2', { text: `Segment ${segment.index}` }), h('span.quiet-text', { text: `shot ${segment.shot}` }), levelBadge(motion.level)),
    h('dl.figures', {},
      ...pair('Out', segment.end.timecode), ...pair('Length', clock(segment.end.seconds - segment.start.seconds)),
      ...pair('Peak', peak ? peak.timecode : '–'), ...pair('Peak speed', figure(peak?.speed, 'd/s')),
      ...pair('Speed', figure(motion.speed, 'd/s')), ...pair('Activity', motion.activity === null ? '–' : `${motion.activity} of 5`),
      ...RATES.flatMap(([name, unit, digits]) => pair(name.charAt(0).toUpperCase() + name.slice(1), camera[name] === null ? '–' : `${signed(camera[name], digits)} ${unit}`)),
      ...pair('Steadiness', camera.steadiness ?? 'unknown'), ...pair('Moving area', percent(motion.moving_area)),
      ...pair('Subject', figure(subject.speed, 'd/s')), ...pair('Subject area', percent(subject.area)),
      ...pair('Confidence', percent(confidence.mean)), ...pair('Coverage', percent(confidence.coverage))),
    directions(motion.direction_histogram, motion.direction),
    segment.flags.length ? h('p.flag-list', {}, ...segment.flags.map((flag) => h('span.chip.flag', { text: flagWords(flag) }))) : null);
}

function pair(name, value) {
  return [h('dt', { text: name }), h('dd', { text: value })];
}

function figure(value, unit) {
  return value === null || value === undefined ? '–' : `${value.toFixed(3)} ${unit}`;
}

/** The shares of motion in eight directions as a small rose, drawn with bars around a circle. */
function directions(histogram, direction) {
  if (!histogram) return null;
  const words = direction === null ? 'no common direction' : `mostly towards ${Math.round(direction)} degrees`;
  const rose = h('div.rose', { role: 'img', 'aria-label': `Directions of motion: ${words}` });
  const most = Math.max(...histogram, 1e-6);
  histogram.forEach((share, i) => {
    const petal = h('i');
    petal.style.transform = `rotate(${-45 * i}deg) scaleX(${(0.12 + 0.88 * (share / most)).toFixed(3)})`;
    petal.style.opacity = String(0.3 + 0.7 * (share / most));
    rose.append(petal);
  });
  return rose;
}
