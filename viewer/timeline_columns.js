/** What the timeline shows at each px, and at which steps its ruler is labelled: figures, no paint. */

import { LEVELS } from './words.js';

/** The strongest level at each of so many columns of a whole video, from 1; 0 where none is known. */
export function strongestLevels(segments, duration, columns) {
  const strongest = new Uint8Array(columns);
  const scale = columns / duration;
  for (const segment of segments) {
    const rank = LEVELS.indexOf(segment.motion.level) + 1;
    const end = Math.min(Math.ceil(segment.end.seconds * scale), columns);
    for (let x = Math.max(0, Math.floor(segment.start.seconds * scale)); x < end; x += 1) {
      if (rank > strongest[x]) strongest[x] = rank;
    }
  }
  return strongest;
}

/** Stretches of equal values but 0: first, one past the last, and the value. */
export function* runs(values) {
  let start = 0;
  for (let i = 1; i <= values.length; i += 1) {
    if (values[i] === values[start]) continue;
    if (values[start]) yield [start, i, values[start]];
    start = i;
  }
}

/** First and one past the last segment that a span shows. */
export function visibleSegments(segments, from, to) {
  let last = firstAfter(segments, from);
  const first = Math.max(0, last - 1);
  while (last < segments.length && segments[last].start.seconds < to) last += 1;
  return [first, last];
}

/** How many items begin at a time or before it. */
export function firstAfter(items, seconds) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].start.seconds <= seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What to draw at each px: the fastest of what lies in it, and the mean confidence. */
export function sampledColumns(painting, series) {
  const { timeline, width, perSecond } = painting;
  // A column is a px of the screen: anything else would leave seams.
  const step = 1 / (devicePixelRatio || 1);
  const columns = [];
  const end = Math.min(width, painting.x(timeline.model.duration));
  let index = series.indexAt(timeline.view.from);
  for (let x = painting.left; x < end; x += step) {
    const to = timeline.view.from + (x + step - painting.left) / perSecond;
    const from = to - step / perSecond;
    let first = index;
    while (index + 1 < series.seconds.length && series.seconds[index + 1] < to) index += 1;
    if (index < 0) continue;
    if (first < index && !(series.seconds[first] <= from)) first += 1;
    if (from - series.seconds[index] > series.hold) continue;
    columns.push(reduced(series, Math.max(first, 0), index, x));
  }
  return columns;
}

function reduced(series, first, last, x) {
  let [camera, subject, sum, known] = [NaN, NaN, 0, 0];
  for (let i = first; i <= last; i += 1) {
    if (!(series.camera[i] <= camera)) camera = Number.isNaN(series.camera[i]) ? camera : series.camera[i];
    if (!(series.subject[i] <= subject)) subject = Number.isNaN(series.subject[i]) ? subject : series.subject[i];
    if (!Number.isNaN(series.confidence[i])) {
      sum += series.confidence[i];
      known += 1;
    }
  }
  return { x, camera, subject, confidence: known ? sum / known : NaN };
}

/** Frames between two labels of the ruler, so that they do not touch. */
export function rulerStep(frames, perSecond) {
  const { base, rate } = frames;
  const least = (96 / perSecond) * rate;
  const seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
  const steps = [1, 2, 5, 10, ...seconds.map((each) => each * base)];
  // Beyond hours by whole multiples: a video may claim any length.
  const longest = steps[steps.length - 1];
  return steps.find((step) => step >= least) ?? longest * Math.ceil(least / longest);
}
