/**
 * The dense curves of a video: what frames.parquet says of each pair of frames, read by ranges, a
 * row group at a time, and reduced to what the timeline draws.
 */

import { rangedObject, limited } from './fetching.js';

const COLUMNS = [
  'seconds', 'pan', 'tilt', 'zoom', 'roll', 'subject_speed', 'subject_area', 'flow_confidence',
  'speed',
];
// Mean distance of a point of a 16:9 picture from its middle, in diagonals.
const MEAN_RADIUS = 0.28;

/**
 * Curves: `seconds[i]` is where a sample begins; it holds until the next, or as far as `hold`
 * seconds. Speeds are in picture diagonals per second; NaN where unknown.
 */
export class Series {
  constructor(hold) {
    this.hold = hold;
    this.seconds = new Float64Array(0);
    this.camera = new Float32Array(0);
    this.subject = new Float32Array(0);
    this.confidence = new Float32Array(0);
    this.isDense = false;
  }

  /** Index of the sample that holds at a time; -1 before the first. */
  indexAt(seconds) {
    let low = 0;
    let high = this.seconds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.seconds[middle] <= seconds) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The largest speed of all, at least a slow move's: what the top of the scale stands for. */
  get most() {
    let most = 0.05;
    for (const values of [this.camera, this.subject]) {
      for (const value of values) if (value > most) most = value;
    }
    return most;
  }

  static from(rows, hold, isDense) {
    const series = new Series(hold);
    rows.sort((a, b) => a[0] - b[0]);
    series.seconds = Float64Array.from(rows, (row) => row[0]);
    series.camera = Float32Array.from(rows, (row) => row[1]);
    series.subject = Float32Array.from(rows, (row) => row[2]);
    series.confidence = Float32Array.from(rows, (row) => row[3]);
    series.isDense = isDense;
    return series;
  }
}

/** How fast the camera moves what is seen, in diagonals per second; NaN where unknown. */
export function cameraSpeed(rates, shape) {
  const { pan, tilt, zoom, roll } = rates;
  if (pan === null || tilt === null) return NaN;
  const diagonal = Math.hypot(shape.width, shape.height);
  const turn = ((roll ?? 0) * Math.PI) / 180;
  return Math.hypot(
    (pan * shape.width) / diagonal, (tilt * shape.height) / diagonal,
    (zoom ?? 0) * MEAN_RADIUS, turn * MEAN_RADIUS,
  );
}

/** Curves as steps, of the segments' means: what there is before, or without, frames.parquet. */
export function seriesOfSegments(motion, shape) {
  const rows = [];
  for (const segment of motion.segments) {
    const start = segment.start.seconds;
    rows.push([
      start, cameraSpeed(segment.camera, shape), segment.subject.speed ?? NaN,
      segment.confidence.mean,
    ]);
  }
  return Series.from(rows, Infinity, false);
}

/**
 * Reads frames.parquet.
 * @param {string} url
 * @param {{width: number, height: number}} shape of the picture as displayed
 * @param {(series: Series) => void} onProgress told of what is there so far
 * @param {AbortSignal} signal
 * @returns {Promise<Series>}
 */
export async function readSeries(url, shape, onProgress, signal) {
  const { parquetMetadataAsync, parquetRead } = await import('./vendor/hyparquet/index.js');
  const { decompress } = await import('./vendor/fzstd/fzstd.js');
  const file = await rangedObject(url);
  const metadata = await parquetMetadataAsync(file);
  const compressors = { ZSTD: (input, length) => decompress(input, new Uint8Array(length)) };
  const rows = [];
  const turn = limited(4);
  let rowStart = 0;
  let toldAt = performance.now();
  const read = async (group, start) => {
    if (signal.aborted) return;
    const part = await groupBuffer(file, group);
    const columns = {};
    await parquetRead({
      file: part, metadata, compressors, columns: COLUMNS,
      rowStart: start, rowEnd: start + Number(group.num_rows),
      onChunk: (chunk) => { (columns[chunk.columnName] ??= []).push(chunk); },
    });
    append(rows, columns, Number(group.num_rows), start, shape);
    if (performance.now() - toldAt > 250 && !signal.aborted) {
      toldAt = performance.now();
      onProgress(Series.from([...rows], HOLD_SECONDS, true));
    }
  };
  const reads = metadata.row_groups.map((group) => {
    const start = rowStart;
    rowStart += Number(group.num_rows);
    return turn(() => read(group, start));
  });
  await Promise.all(reads);
  return Series.from(rows, HOLD_SECONDS, true);
}

// Pairs come some 12.5 times a second: what lies longer ago says nothing any more.
const HOLD_SECONDS = 0.5;

/** A row group's bytes in one request; the rest of the file as it is. */
async function groupBuffer(file, group) {
  const columns = group.columns.map((column) => column.meta_data);
  const starts = columns.map((each) => Number(each.dictionary_page_offset ?? each.data_page_offset));
  const start = Math.min(...starts);
  const end = Math.max(...columns.map((each, i) => starts[i] + Number(each.total_compressed_size)));
  const bytes = await file.slice(start, end);
  return {
    byteLength: file.byteLength,
    slice: async (from, to = file.byteLength) => (
      from >= start && to <= end ? bytes.slice(from - start, to - start) : file.slice(from, to)
    ),
  };
}

function append(rows, chunks, length, rowStart, shape) {
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, joined(chunks[name], length, rowStart)]));
  for (let i = 0; i < length; i += 1) {
    const confidence = columns.flow_confidence[i];
    // Rows of frames at which no pair begins say nothing of motion.
    if (confidence === null && columns.speed[i] === null) continue;
    const rates = {
      pan: columns.pan[i], tilt: columns.tilt[i], zoom: columns.zoom[i], roll: columns.roll[i],
    };
    const subject = columns.subject_area[i] === 0 ? 0 : columns.subject_speed[i];
    rows.push([columns.seconds[i], cameraSpeed(rates, shape), subject ?? NaN, confidence ?? NaN]);
  }
}

function joined(chunks, length, rowStart) {
  const values = new Array(length).fill(null);
  for (const { columnData, rowStart: start } of chunks ?? []) {
    for (let i = 0; i < columnData.length; i += 1) {
      const row = start + i - rowStart;
      if (row >= 0 && row < length) values[row] = columnData[i] ?? null;
    }
  }
  return values;
}
