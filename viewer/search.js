/**
 * Finds the videos with segments that a filter matches. The catalog rules out what it can; of the
 * others motion.json is read, a few at a time, and what was read is kept for the next question.
 */

import { compileFilter, mayMatch } from './filter.js';
import { limited } from './fetching.js';

const AT_ONCE = 6;
const KEPT_SEGMENTS = 300_000;

/** What a filter found in a video: `segments` that match, and their `seconds` together. */
export class SegmentSearch extends EventTarget {
  /** @param {object} source where motion.json comes from */
  constructor(source) {
    super();
    this.source = source;
    this.kept = new Map();
    this.keptSegments = 0;
    this.turn = limited(AT_ONCE);
    this.found = new Map();
    this.waiting = 0;
    this.failed = 0;
    this.round = 0;
  }

  /**
   * Asks a filter of all videos; `progress` events tell that `found` has grown.
   * @param {object|null} tree of `parseFilter`
   * @param {object[]} entries of the catalog
   */
  ask(tree, entries) {
    this.round += 1;
    this.found = new Map();
    this.failed = 0;
    this.waiting = 0;
    if (tree === null) return;
    const matches = compileFilter(tree);
    const candidates = entries.filter((entry) => entry.segments > 0 && mayMatch(tree, entry));
    this.waiting = candidates.length;
    const { round } = this;
    for (const entry of candidates) {
      this.turn(async () => {
        // Another question has been asked since.
        if (round !== this.round) return;
        await this.#look(entry, matches, round);
      });
    }
  }

  async #look(entry, matches, round) {
    try {
      const segments = await this.#segments(entry);
      if (round !== this.round) return;
      const found = segments.filter(matches);
      const seconds = found.reduce((sum, s) => sum + s.end.seconds - s.start.seconds, 0);
      if (found.length) this.found.set(entry.video_id, { segments: found.length, seconds });
    } catch {
      if (round !== this.round) return;
      this.failed += 1;
    }
    this.waiting -= 1;
    this.dispatchEvent(new Event('progress'));
  }

  async #segments(entry) {
    const key = `${entry.video_id} ${entry.run_id} ${entry.status} ${entry.analysed_frames}`;
    const kept = this.kept.get(key);
    if (kept) return kept;
    const { segments } = await this.source.motion(entry);
    this.kept.set(key, segments);
    this.keptSegments += segments.length;
    for (const [oldest, dropped] of this.kept) {
      if (this.keptSegments <= KEPT_SEGMENTS) break;
      this.kept.delete(oldest);
      this.keptSegments -= dropped.length;
    }
    return segments;
  }
}
