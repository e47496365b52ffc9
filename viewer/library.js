/** The library: all videos, searched, filtered and sorted. */

import { announce } from './announce.js';
import { cameraChips, levelBar, statusBadge } from './badges.js';
import { fill, h, icon } from './dom.js';
import { FilterBar } from './filter_bar.js';
import { replaceRoute, routeTo } from './route.js';
import { SegmentSearch } from './search.js';
import { STATUSES, clock, count, day, percent } from './words.js';
import { VirtualList } from './virtual_list.js';

const ROW_HEIGHT = 88;
const STRIP = 5;
const STRIP_AFTER_MS = 90;
const PROGRESS_MS = 400;

const fastShare = (entry) => {
  const { high = 0, extreme = 0 } = entry.level_seconds;
  return (high + extreme) / Math.max(entry.duration_seconds ?? 0, 1e-6);
};

const SORTS = {
  newest: { title: 'Added', from: 'newest', key: (entry) => -Date.parse(entry.source?.modified_at ?? 0) },
  name: { title: 'Name', from: 'A to Z', key: (entry) => String(entry.name).toLowerCase() },
  length: { title: 'Length', from: 'longest', key: (entry) => -(entry.duration_seconds ?? -1) },
  motion: { title: 'Motion', from: 'most high and extreme', key: (entry) => -fastShare(entry) },
  peak: { title: 'Peak', from: 'fastest', key: (entry) => -(entry.peak?.speed ?? -1) },
  status: { title: 'Status', from: 'worst', key: (entry) => -STATUSES.indexOf(entry.status) },
};

/** The page. Emits nothing: videos are links. */
export class LibraryPage {
  /**
   * @param {object} source of `openSource`
   * @param {URLSearchParams} query the view to begin with
   * @param {() => void} signIn asks for a token again
   */
  constructor(source, query, signIn) {
    this.source = source;
    this.signIn = signIn;
    this.entries = [];
    this.isLoaded = false;
    this.showing = null;
    /** The address of what is shown. */
    this.address = '#/';
    this.shown = [];
    this.sort = Object.hasOwn(SORTS, query.get('sort') ?? '') ? query.get('sort') : 'newest';
    this.status = STATUSES.includes(query.get('status')) ? query.get('status') : '';
    this.focusIndex = 0;
    this.segments = new SegmentSearch(source);
    this.segments.addEventListener('progress', () => this.#progressed());
    this.filter = new FilterBar(query.get('where') ?? '');
    this.filter.addEventListener('change', () => this.#ask());
    this.#build(query.get('q') ?? '');
  }

  #build(text) {
    this.search = h('input.search-text', {
      type: 'search', id: 'library-search', placeholder: 'Search names and folders', value: text, spellcheck: 'false',
      autocomplete: 'off', 'aria-keyshortcuts': '/', on: { input: () => this.#show() },
    });
    this.sorting = h('select', { id: 'library-sort', on: { change: (event) => this.#sortBy(event.target.value) } },
      ...Object.entries(SORTS).map(([value, { title, from }]) => h('option', { value, selected: value === this.sort, text: `${title}: ${from}` })));
    this.statuses = h('select', { id: 'library-status', on: { change: (event) => { this.status = event.target.value; this.#show(); } } },
      h('option', { value: '', text: 'Any status' }), ...STATUSES.map((value) => h('option', { value, selected: value === this.status, text: value })));
    this.tally = h('p.tally', { role: 'status' });
    this.list = new VirtualList({
      rowHeight: ROW_HEIGHT,
      render: (index) => this.#row(index),
      attributes: { role: 'rowgroup' },
    });
    this.table = h('div.library-table', { role: 'table', 'aria-label': 'Videos' }, this.#heading(), this.list.element);
    this.empty = h('div.empty', { hidden: true });
    this.element = h('main.library', { id: 'main', tabindex: '-1' },
      h('aside.side', { 'aria-label': 'Filter' }, this.filter.line, this.filter.fault, h('details.facets-fold', { open: innerWidth >= 1000 }, h('summary', { text: 'Filters' }), this.filter.choices)),
      h('section.library-main', { 'aria-label': 'Library' },
        h('div.library-bar', {},
          h('div.search', {}, h('label.visually-hidden', { for: 'library-search', text: 'Search videos' }), icon('search'), this.search, h('kbd', { 'aria-hidden': 'true', text: '/' })),
          this.tally,
          h('label.select', {}, h('span.visually-hidden', { text: 'Status' }), this.statuses),
          h('label.select', {}, h('span.visually-hidden', { text: 'Sort by' }), h('span', { 'aria-hidden': 'true', text: 'Sort' }), this.sorting)),
        this.table, this.empty));
    this.element.addEventListener('keydown', (event) => this.#pressed(event));
  }

  #heading() {
    return h('div.library-head', { role: 'rowgroup' }, h('div.library-row.head', { role: 'row' },
      ...['Pictures', 'Name', 'Motion', 'Camera', 'Length'].map((text) => h('span', { role: 'columnheader', text }))));
  }

  /** Reads the list of videos, again if it was read before. */
  async load() {
    let entries;
    try {
      entries = await this.source.videos();
    } catch (error) {
      this.#fail(error);
      return;
    }
    document.title = 'Library · flowtag';
    const state = (each) => `${each.run_id} ${each.status} ${each.analysed_frames}`;
    const isSame = entries.map(state).join() === this.entries.map(state).join();
    this.entries = entries;
    // Who comes back to a list that is the same finds it as it was left.
    if (!isSame || !this.isLoaded) this.#ask();
    this.isLoaded = true;
  }

  /** Puts the cursor into the search. */
  focusSearch() {
    this.search.focus();
    this.search.select();
  }

  close() {
    clearTimeout(this.showing);
    this.segments.ask(null, []);
  }

  #fail(error) {
    this.table.hidden = true;
    this.empty.hidden = false;
    const isNothing = error.status === 404;
    fill(this.empty, h('h2', { text: isNothing ? 'No catalog here yet' : 'The library cannot be read' }),
      h('p', { text: isNothing ? 'A catalog is written once the first video has been tagged. On this machine, flowtag view makes one by itself.' : `${error.message}.` }),
      this.source.needsToken
        ? h('button.primary', { type: 'button', text: 'Sign in', on: { click: this.signIn } })
        : h('button.primary', { type: 'button', text: 'Try again', on: { click: () => this.load() } }));
  }

  #ask() {
    this.segments.ask(this.filter.tree, this.entries);
    this.#show();
  }

  /** Shows what a search has found so far, now and then: it goes on for a while. */
  #progressed() {
    if (this.segments.waiting === 0) {
      clearTimeout(this.showing);
      this.showing = null;
      this.#show();
    } else this.showing ??= setTimeout(() => { this.showing = null; this.#show(); }, PROGRESS_MS);
  }

  /** What a row shows, in short. */
  #key(index) {
    const { video_id: video, run_id: run, status } = this.shown[index];
    return [video, run, status, this.segments.found.get(video)?.segments, this.filter.text].join(' ');
  }

  #sortBy(value) {
    this.sort = value;
    this.list.element.scrollTop = 0;
    this.#show();
  }

  #show() {
    const text = this.search.value.trim().toLowerCase();
    const isFiltered = this.filter.tree !== null;
    this.shown = this.entries.filter((entry) => (
      (!this.status || entry.status === this.status)
      && (!text || String(entry.uri).toLowerCase().includes(text))
      && (!isFiltered || this.segments.found.has(entry.video_id))
    ));
    const { key } = SORTS[this.sort];
    const keys = new Map(this.shown.map((entry) => [entry, key(entry)]));
    this.shown.sort((a, b) => (keys.get(a) < keys.get(b) ? -1 : keys.get(a) > keys.get(b) ? 1 : 0));
    this.focusIndex = Math.min(this.focusIndex, Math.max(this.shown.length - 1, 0));
    this.table.querySelector('.library-row.head').dataset.filtered = String(isFiltered);
    this.table.setAttribute('aria-rowcount', String(this.shown.length + 1));
    this.list.reset(this.shown.length, (index) => this.#key(index));
    this.#tell();
    const query = {
      q: text && this.search.value.trim(), where: this.filter.text, status: this.status, sort: this.sort === 'newest' ? '' : this.sort,
    };
    this.address = routeTo(null, query);
    replaceRoute(null, query);
  }

  #tell() {
    const { waiting, failed } = this.segments;
    const all = this.entries.length;
    const parts = [this.shown.length === all ? count(all, 'video') : `${this.shown.length.toLocaleString('en')} of ${count(all, 'video')}`];
    if (waiting) parts.push(`${waiting.toLocaleString('en')} still to look through`);
    if (failed) parts.push(`${failed} could not be read`);
    if (this.source.unreadable) parts.push(`${this.source.unreadable} left out: damaged in the catalog`);
    this.tally.textContent = parts.join(' · ');
    const isEmpty = !this.shown.length && !waiting;
    this.table.hidden = isEmpty;
    this.empty.hidden = !isEmpty;
    if (!isEmpty) return;
    fill(this.empty, h('h2', { text: all ? 'Nothing matches' : 'No videos yet' }),
      h('p', { text: all ? 'Take a filter away, or search for less.' : 'Tag some with flowtag tag, and look again.' }),
      all ? h('button.primary', { type: 'button', text: 'Clear search and filters', on: { click: () => this.#clear() } }) : null);
  }

  #clear() {
    this.search.value = '';
    this.status = '';
    this.statuses.value = '';
    this.filter.set('');
    this.#show();
    announce('Search and filters cleared');
  }

  #row(index) {
    const entry = this.shown[index];
    const found = this.segments.found.get(entry.video_id);
    const folder = String(entry.uri).split('/').slice(0, -1).join('/');
    const href = routeTo(entry.video_id, { where: this.filter.text });
    const link = h('a.video-link', { href }, h('span.name', { text: entry.name }));
    link.addEventListener('focus', () => { this.focusIndex = index; });
    const facts = [found ? `${count(found.segments, 'segment')} match, ${clock(found.seconds)}` : count(entry.segments, 'segment')];
    if (entry.peak) facts.push(`peak ${entry.peak.timecode}`);
    return h('div.library-row', { role: 'row', 'aria-rowindex': String(index + 2) },
      h('div.strip', { role: 'cell' }, this.#strip(entry)),
      h('div.what', { role: 'cell' }, h('div.title', {}, link, statusBadge(entry.status, entry.reason)),
        h('div.folder', { text: folder, title: folder }),
        h('div.facts', { text: facts.join(' · ') }),
        this.#warning(entry)),
      h('div.motion', { role: 'cell' }, levelBar(entry.level_seconds, entry.duration_seconds), this.#levels(entry)),
      h('div.camera', { role: 'cell' }, ...cameraChips(entry.camera, 2)),
      h('div.duration', { role: 'cell' }, h('span', { text: clock(entry.duration_seconds) }), h('span.added', { text: day(entry.source?.modified_at).slice(0, 10) })));
  }

  #warning(entry) {
    const said = [];
    if (entry.reason) said.push(entry.reason);
    if (entry.warnings > 0) said.push(count(entry.warnings, 'warning'));
    return said.length ? h('div.reason', { text: said.join(' · '), title: said.join(' · ') }) : null;
  }

  #levels(entry) {
    const whole = Math.max(entry.duration_seconds ?? 0, 1e-6);
    const shares = Object.entries(entry.level_seconds).filter(([, seconds]) => seconds > 0);
    shares.sort((a, b) => b[1] - a[1]);
    return h('div.shares', {}, ...shares.slice(0, 3).map(([level, seconds]) => h('span', { data: { level } }, h('i.level-dot', { 'aria-hidden': 'true' }), h('span', { text: `${level} ${percent(seconds / whole)}` }))));
  }

  #strip(entry) {
    const pictures = h('div.pictures', { 'aria-hidden': 'true' });
    for (let i = 0; i < Math.min(STRIP, entry.thumbnails?.length ?? entry.segments); i += 1) pictures.append(h('span.frame'));
    // Rows that fly by while scrolling ask for nothing.
    setTimeout(async () => {
      if (!pictures.isConnected || !pictures.children.length) return;
      const urls = await this.source.strip(entry, STRIP).catch(() => []);
      const frames = [...pictures.children];
      for (const frame of frames.slice(urls.length)) frame.remove();
      urls.forEach((url, i) => {
        const picture = h('img', { alt: '', loading: 'lazy', decoding: 'async', draggable: 'false' });
        // A segment may have no picture; the strip closes up.
        picture.addEventListener('error', () => frames[i]?.remove());
        picture.src = url;
        frames[i]?.append(picture);
      });
    }, STRIP_AFTER_MS);
    return pictures;
  }

  #pressed(event) {
    const isTyping = event.target.matches('input, select, textarea');
    if (event.target === this.search && event.key === 'Enter') this.#focusRow(0);
    if (isTyping || event.altKey || event.ctrlKey || event.metaKey) return;
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6, Home: -Infinity, End: Infinity };
    if (!Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    const isIn = event.target.closest('.library-row');
    this.#focusRow(isIn ? this.focusIndex + moves[event.key] : this.focusIndex);
  }

  #focusRow(index) {
    if (!this.shown.length) return;
    this.focusIndex = Math.min(Math.max(index, 0), this.shown.length - 1);
    this.list.reveal(this.focusIndex);
    this.list.row(this.focusIndex)?.querySelector('a').focus({ preventScroll: true });
  }
}
