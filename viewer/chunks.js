/**
 * What the workers stored for every whole second: a still, and a coarse grid of flow with its
 * confidence. A chunk's file holds those of a minute, so it is the sprite sheet of its stretch.
 */

import { requestBytes } from './fetching.js';
import { unzipSync } from './vendor/fflate/fflate.js';

const KEPT_CHUNKS = 12;
const WANTED = ['still_pts', 'still_sizes', 'still_bytes', 'grid_pts', 'grids', 'grid_scales'];

/**
 * @typedef {object} Still
 * @property {number} seconds since the first displayed frame
 * @property {Blob} jpeg
 *
 * @typedef {object} Grid
 * @property {number} seconds of the first frame of its pair
 * @property {number} rows
 * @property {number} columns
 * @property {Int8Array} values x, y and confidence of each point, in 1/127
 * @property {number} scale diagonals per second that 127 stands for
 */

/** The chunks of one run, fetched when they are looked at. */
export class ChunkStore {
  /**
   * @param {() => Promise<Array<{start_pts: number|null, end_pts: number|null, url: string}>>} list
   * @param {object} video of motion.json
   */
  constructor(list, video) {
    const [top, bottom] = (video.time_base ?? '1/1').split('/').map(Number);
    this.timeBase = top / bottom;
    this.startPts = video.start_pts ?? 0;
    this.list = null;
    this.askList = list;
    this.kept = new Map();
    this.absent = new Set();
    this.askedAgain = false;
  }

  /** The still nearest a time, and the grid nearest it; null where there is none. */
  async at(seconds) {
    const chunk = await this.#chunkAt(seconds);
    if (!chunk) return null;
    return { still: nearest(chunk.stills, seconds), grid: nearest(chunk.grids, seconds) };
  }

  /** The still nearest a time, if its chunk is here already; else it is fetched for next time. */
  stillNow(seconds, onArrival) {
    const index = this.list ? this.#indexAt(seconds) : -1;
    const kept = this.kept.get(index);
    if (kept?.chunk) return nearest(kept.chunk.stills, seconds);
    this.#chunkAt(seconds).then((chunk) => chunk && onArrival(), () => {});
    return null;
  }

  /** Whether nothing of the run is stored any more, as far as was seen. */
  get isGone() {
    return this.absent.size > 0 && this.kept.size === 0;
  }

  async #chunkAt(seconds) {
    const index = await this.#find(seconds);
    if (index < 0 || this.absent.has(index)) return null;
    try {
      return await this.#chunk(index);
    } catch (error) {
      // Links hold for a while only; new ones are asked for once.
      if (error.status === 403 && !this.askedAgain) {
        this.askedAgain = true;
        this.list = null;
        return this.#chunkAt(seconds);
      }
      // A chunk that failed was never stored; all are deleted some time after a run.
      if (error.status === 404 || error.status === 403) this.absent.add(index);
      return null;
    }
  }

  async #find(seconds) {
    try {
      this.list ??= this.askList();
      this.list = await this.list;
    } catch {
      this.list = [];
      this.absent.add(0);
    }
    return this.#indexAt(seconds);
  }

  #indexAt(seconds) {
    if (!Array.isArray(this.list)) return -1;
    const pts = this.startPts + Math.round(seconds / this.timeBase);
    const index = this.list.findIndex((each) => each.end_pts === null || pts < each.end_pts);
    return index < 0 ? this.list.length - 1 : index;
  }

  async #chunk(index) {
    if (index < 0) return null;
    let kept = this.kept.get(index);
    if (!kept) {
      kept = { chunk: null };
      kept.coming = requestBytes(this.list[index].url).then((data) => this.#read(data));
      kept.coming.then((chunk) => {
        kept.chunk = chunk;
        this.askedAgain = false;
      }, () => this.kept.delete(index));
    }
    // Asked for last is kept longest.
    this.kept.delete(index);
    this.kept.set(index, kept);
    if (this.kept.size > KEPT_CHUNKS) this.#drop(this.kept.keys().next().value);
    return kept.coming;
  }

  /** Lets go of all that was fetched. */
  close() {
    for (const index of [...this.kept.keys()]) this.#drop(index);
  }

  #drop(index) {
    for (const still of this.kept.get(index)?.chunk?.stills ?? []) {
      if (still.url) URL.revokeObjectURL(still.url);
    }
    this.kept.delete(index);
  }

  #read(data) {
    const arrays = readArrays(data);
    const seconds = (pts) => (Number(pts) - this.startPts) * this.timeBase;
    const bytes = arrays.still_bytes.values;
    let end = 0;
    const stills = Array.from(arrays.still_pts.values, (pts, index) => {
      const start = end;
      end += Number(arrays.still_sizes.values[index]);
      const jpeg = new Blob([bytes.subarray(start, end)], { type: 'image/jpeg' });
      return { seconds: seconds(pts), jpeg };
    });
    const [, rows, columns] = arrays.grids.shape;
    const size = rows * columns * 3;
    const grids = Array.from(arrays.grid_pts.values, (pts, index) => ({
      seconds: seconds(pts),
      rows,
      columns,
      values: arrays.grids.values.subarray(index * size, (index + 1) * size),
      scale: arrays.grid_scales.values[index],
    }));
    return { stills, grids };
  }
}

function nearest(items, seconds) {
  let best = null;
  for (const each of items) {
    if (!best || Math.abs(each.seconds - seconds) < Math.abs(best.seconds - seconds)) best = each;
  }
  return best;
}

const TYPES = {
  '<i8': BigInt64Array, '<i4': Int32Array, '<f4': Float32Array, '<f8': Float64Array,
  '|i1': Int8Array, '|u1': Uint8Array,
};

/** The arrays of an .npz that the viewer needs, by name: `values` and `shape`. */
function readArrays(data) {
  const names = new Set(WANTED.map((name) => `${name}.npy`));
  // Its other way starts workers from blobs, which the page's policy forbids.
  const files = unzipSync(data, { filter: (file) => names.has(file.name) });
  return Object.fromEntries(WANTED.map((name) => [name, readArray(files[`${name}.npy`])]));
}

function readArray(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isFirst = bytes[6] === 1;
  const headerStart = isFirst ? 10 : 12;
  const start = headerStart + (isFirst ? view.getUint16(8, true) : view.getUint32(8, true));
  const header = new TextDecoder().decode(bytes.subarray(headerStart, start));
  const kind = TYPES[/'descr': '([^']+)'/.exec(header)?.[1]];
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '').split(',').filter((s) => s.trim()).map(Number);
  if (!kind || header.includes("'fortran_order': True")) throw new Error('not a readable array');
  // A copy, so that it begins where its type must.
  return { values: new kind(bytes.slice(start).buffer), shape };
}
