/** The page of one video: picture, transport, timeline, segments. */

import { announce } from './announce.js';
import { statusBadge } from './badges.js';
import { ChunkStore } from './chunks.js';
import { fill, h, icon } from './dom.js';
import { FetchError, request } from './fetching.js';
import { compileFilter } from './filter.js';
import { FilterBar } from './filter_bar.js';
import { nameOf, whereOf } from './exports.js';
import { showSegment } from './inspector.js';
import { Player } from './player.js';
import { queryNumber, replaceRoute, routeTo } from './route.js';
import { SegmentList } from './segment_list.js';
import { copyText, formatMarks, parseMarks, showExport, storeMarks, storedMarks } from './selection.js';
import { readSeries } from './series.js';
import { OVERLAYS, Stage, stillUrl } from './stage.js';
import { FrameCount } from './timecode.js';
import { Timeline } from './timeline.js';
import { clock, count, fraction, rateWords } from './words.js';

const ROUTE_MS = 300;
/** What a link says of the segments of one run, which mean nothing in another. */
const RUN_QUERIES = ['marks', 'segment'];
const ANOTHER_RUN = 'The link is to an analysis that is not served here. This is the latest one; marks and segment of the link were left out.';

/** The page; made by `openVideo`. */
export class VideoPage {
  /**
   * @param {object} run of a source
   * @param {URLSearchParams} query the view to begin with
   * @param {string|null} notice what to tell of the run before all else
   */
  constructor(run, query, notice = null) {
    this.run = run;
    this.notice = notice;
    this.motion = run.motion;
    this.segments = this.motion.segments;
    this.frames = new FrameCount(this.motion.video);
    this.shape = displayShape(this.motion.video);
    this.aborting = new AbortController();
    this.query = query;
    this.loops = query.get('loop') === '1';
    this.range = { start: queryNumber(query, 'in'), end: queryNumber(query, 'out') };
    const { length } = this.segments;
    this.marks = query.has('marks') ? parseMarks(query.get('marks'), length) : storedMarks(run.runId, length);
    this.chunks = new ChunkStore(() => run.chunks(), this.motion.video);
    this.timeline = new Timeline(this.motion, this.frames, this.shape);
    this.stage = new Stage(this.shape, this.chunks, this.frames);
    this.player = new Player(this.stage.video, this.frames, this.timeline.model.duration);
    this.list = new SegmentList(this.segments, (segment) => run.thumbnail(segment));
    this.filter = new FilterBar(query.get('where') ?? '');
    this.#build();
    this.#connect();
  }

  #build() {
    const { motion } = this;
    this.timecode = h('output.clock', { 'aria-label': 'Timecode' });
    this.speed = h('span.speed', { role: 'status', 'aria-label': 'Speed' });
    this.playButton = tool('Play', 'play', () => this.player.toggle(), { 'aria-keyshortcuts': 'Space' });
    this.loopButton = tool('Loop', 'loop', () => this.toggleLoop(), { 'aria-pressed': String(this.loops), 'aria-keyshortcuts': 'p' });
    this.markButton = tool('Mark the segment', 'mark', () => this.toggleMark(), { 'aria-pressed': 'false', 'aria-keyshortcuts': 'm' });
    this.exportButton = h('button.primary', { type: 'button', 'aria-keyshortcuts': 'e', on: { click: () => this.export() } }, icon('export'), h('span.export-text'));
    this.rangeText = h('span.range');
    this.overlays = h('div.switch', { role: 'radiogroup', 'aria-label': 'Overlay' }, ...Object.entries(OVERLAYS).map(([kind, text]) => h('button', { type: 'button', role: 'radio', data: { kind }, text, on: { click: () => this.setOverlay(kind), keydown: (event) => this.#overlayKey(event) } })));
    this.inspector = h('section.inspector', { 'aria-label': 'Figures of the segment', tabindex: '0' });
    this.tally = h('p.tally', { role: 'status' });
    const zoom = h('div.zoom', {}, tool('Zoom in', null, () => this.timeline.zoomIn(), {}, '+'), tool('Zoom out', null, () => this.timeline.zoomOut(), {}, '−'), tool('Show all', 'fit', () => this.timeline.fit()));
    this.element = h('main.video-page', { id: 'main', tabindex: '-1' },
      h('section.picture', { 'aria-label': 'Picture' }, this.stage.element,
        h('div.transport', {}, this.playButton, this.timecode, h('span.total', { text: clock(motion.video.duration_seconds) }), this.speed, this.loopButton, this.markButton, this.rangeText, h('span.grow'), this.overlays)),
      h('aside.panel', { 'aria-label': 'Segments' },
        h('div.panel-head', {}, this.filter.line, this.filter.fault, h('details.facets-fold', {}, h('summary', { text: 'Filters' }), this.filter.choices),
          h('div.panel-bar', {}, this.tally, this.exportButton)),
        this.list.element, this.inspector),
      h('section.lanes', { 'aria-label': 'Timeline' }, this.timeline.element, zoom));
    this.heading = h('div.video-heading', {}, h('h1', { text: nameOf(motion), title: motion.video.uri }), statusBadge(motion.analysis.status, motion.analysis.reason), ...this.#facts(), this.#warnings());
  }

  #facts() {
    const { video } = this.motion;
    const facts = [];
    if (video.width) facts.push(`${this.shape.width} × ${this.shape.height}`);
    if (video.frame_rate) facts.push(`${rateWords(video.frame_rate)} fps${video.variable_frame_rate ? ' variable' : ''}`);
    if (video.codec) facts.push(video.codec);
    facts.push(count(this.motion.shots.length, 'shot'));
    return facts.map((text) => h('span.fact', { text }));
  }

  #warnings() {
    const { warnings, gaps, reason } = this.motion.analysis;
    const said = [...(this.notice ? [this.notice] : []), ...(reason ? [reason] : []), ...warnings, ...gaps.map((gap) => `${gap.start.timecode} to ${gap.end.timecode}: ${gap.reason}`)];
    if (!said.length) return null;
    return h('details.warnings', {}, h('summary', {}, icon('warning'), h('span', { text: count(said.length, 'warning') })), h('ul', {}, ...said.map((text) => h('li', { text }))));
  }

  #connect() {
    const { player, timeline, list, filter } = this;
    player.addEventListener('time', () => this.#timeChanged());
    player.addEventListener('state', () => this.#stateChanged());
    player.addEventListener('playable', () => this.#playableChanged());
    timeline.addEventListener('seek', (event) => player.seek(event.detail));
    timeline.addEventListener('segment', (event) => this.playSegment(event.detail));
    timeline.addEventListener('view', () => this.#remember());
    list.addEventListener('choose', (event) => this.playSegment(event.detail));
    list.addEventListener('mark', (event) => this.toggleMark(event.detail));
    filter.addEventListener('change', () => this.#filterChanged());
    timeline.pictureAt = (seconds) => {
      const still = this.chunks.stillNow(seconds, () => timeline.showPreview());
      if (still) return stillUrl(still);
      return this.chunks.isGone ? this.pictures?.get(timeline.segmentAt(seconds)) ?? this.#fetchPicture(timeline.segmentAt(seconds)) : null;
    };
    this.stage.fallback = async (seconds) => {
      const segment = this.segments[this.#segmentAt(this.frames.at(seconds))];
      return segment ? this.run.thumbnail(segment) : null;
    };
  }

  #fetchPicture(index) {
    if (index < 0) return null;
    this.pictures ??= new Map();
    this.run.thumbnail(this.segments[index]).then((url) => {
      this.pictures.set(index, url);
      if (url) this.timeline.showPreview();
    }, () => {});
    return null;
  }

  /** Loads video and curves, and goes to where the address says. */
  start() {
    document.title = `${nameOf(this.motion)} · flowtag`;
    if (this.notice) announce(this.notice);
    const { query, timeline } = this;
    this.#loadVideo();
    this.#readCurves();
    const from = queryNumber(query, 'from');
    const to = queryNumber(query, 'to');
    if (from !== null && to !== null && to > from) timeline.setView(from, to);
    this.#filterChanged();
    this.#rangeChanged();
    this.#marksChanged();
    this.setOverlay(Object.hasOwn(OVERLAYS, query.get('overlay') ?? '') ? query.get('overlay') : 'none');
    const segment = queryNumber(query, 'segment', 0, this.segments.length - 1);
    const start = this.segments[segment] ? this.#span(this.segments[segment]).from : this.range.start ?? 0;
    this.player.seek(queryNumber(query, 't', 0, timeline.model.duration) ?? start);
    this.#loopChanged();
    this.#stateChanged();
    this.list.reveal();
  }

  /** The video itself where it can be played, else its proxy; else stills. */
  async #loadVideo() {
    const urls = await Promise.all([this.run.video(), this.run.proxy()].map((each) => each.catch(() => null)));
    if (!this.aborting.signal.aborted) this.player.load(urls.filter((url) => url !== null));
    this.videoUrl = urls[0];
  }

  async #readCurves() {
    try {
      const url = await this.run.frames();
      if (!url) return;
      const show = (series) => { if (!this.aborting.signal.aborted) this.timeline.setSeries(series); };
      show(await readSeries(url, this.shape, show, this.aborting.signal));
      this.element.dataset.curves = 'dense';
    } catch {
      // The segments' means are drawn already; there is no more to be had.
      this.element.dataset.curves = 'segments';
    }
  }

  close() {
    this.aborting.abort();
    clearTimeout(this.remembering);
    this.#remember(true);
    this.player.close();
    this.timeline.close();
    this.stage.close();
    this.chunks.close();
  }

  /** Reads the theme's colours again. */
  recolour() {
    this.timeline.recolour();
  }

  /** Plays a segment from its start, in a loop where loops are on. */
  playSegment(index) {
    const segment = this.segments[index];
    if (!segment) return;
    this.#choose(index);
    const { from, to } = this.#span(segment);
    this.player.seek(from);
    this.#loopChanged();
    this.stopAt = this.loops ? null : to;
    this.player.play();
  }

  /** Goes to a neighbouring segment of those listed. */
  goToNeighbour(step) {
    const index = this.list.neighbour(step, firstBeyond(this.segments, this.player.frame) - 0.5);
    if (index < 0) return;
    const segment = this.segments[index];
    this.player.pause();
    this.stopAt = null;
    this.player.seek(this.#span(segment).from);
    this.#choose(index);
    this.timeline.reveal(segment.start.seconds, segment.end.seconds);
    announce(`Segment ${index}, ${segment.start.timecode}, ${segment.motion.level ?? 'unknown'}`);
  }

  toggleMark(index = this.list.current) {
    if (index < 0) return;
    const isMarked = !this.marks.delete(index);
    if (isMarked) this.marks.add(index);
    this.#marksChanged();
    announce(`Segment ${index} ${isMarked ? 'marked' : 'no longer marked'}`);
  }

  toggleLoop() {
    this.loops = !this.loops;
    this.stopAt = null;
    this.#loopChanged();
  }

  /** Sets in (`start`) or out (`end`) at the playhead. */
  setRange(side) {
    const { frames, player } = this;
    this.range[side] = side === 'start' ? player.time : frames.seconds(player.frame + 1);
    const { start, end } = this.range;
    if (start !== null && end !== null && end <= start) this.range[side === 'start' ? 'end' : 'start'] = null;
    this.#rangeChanged();
  }

  clearRange() {
    this.range = { start: null, end: null };
    this.#rangeChanged();
  }

  setOverlay(kind) {
    this.overlay = kind;
    for (const button of this.overlays.children) {
      const isOn = button.dataset.kind === kind;
      button.setAttribute('aria-checked', String(isOn));
      button.tabIndex = isOn ? 0 : -1;
    }
    this.stage.setOverlay(kind);
    this.#remember();
  }

  nextOverlay() {
    const kinds = Object.keys(OVERLAYS);
    this.setOverlay(kinds[(kinds.indexOf(this.overlay) + 1) % kinds.length]);
    announce(OVERLAYS[this.overlay]);
  }

  #overlayKey(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const kinds = Object.keys(OVERLAYS);
    this.setOverlay(kinds[(kinds.indexOf(this.overlay) + step + kinds.length) % kinds.length]);
    this.overlays.querySelector('[aria-checked="true"]').focus();
  }

  /** Offers marked segments for export; all that are listed where none is marked. */
  export() {
    const isMarked = this.marks.size > 0;
    const indices = isMarked ? [...this.marks].sort((a, b) => a - b) : this.list.indices;
    const where = isMarked ? whereOf(indices) : this.filter.text;
    if (!indices.length) announce('There is nothing to export');
    else showExport(this.run, indices.map((index) => this.segments[index]), where, this.frames);
  }

  copyLink() {
    this.#remember(true);
    copyText(location.href, 'A link to this view was copied');
  }

  focusSearch() {
    this.filter.input.focus();
    this.filter.input.select();
  }

  /**
   * When a segment is played, in seconds: by its frames, which the player counts, and not by its
   * times, which lie between them where the frame rate varies.
   */
  #span(segment) {
    const { start, end } = segment;
    return { from: this.frames.seconds(start.frame), to: this.frames.seconds(Math.max(end.frame, start.frame + 1)) };
  }

  /** Index of the segment at a frame; -1 where there is none. Of several it stays with the current one. */
  #segmentAt(frame) {
    const covers = (segment) => segment && segment.start.frame <= frame && frame < Math.max(segment.end.frame, segment.start.frame + 1);
    const { current } = this.list;
    if (covers(this.segments[current])) return current;
    const index = firstBeyond(this.segments, frame) - 1;
    // The last frame, where rates vary, may begin after the number at which the last segment ends.
    return covers(this.segments[index]) ? index : this.timeline.segmentAt(this.frames.seconds(frame));
  }

  #choose(index) {
    if (index === this.list.current) return;
    this.list.setCurrent(index);
    this.timeline.current = index;
    this.timeline.paint();
    showSegment(this.inspector, this.segments[index]);
    this.markButton.setAttribute('aria-pressed', String(this.marks.has(index)));
    this.#loopChanged();
  }

  #timeChanged() {
    const { player, timeline } = this;
    if (this.stopAt !== null && this.stopAt !== undefined && player.rate > 0 && player.time >= this.stopAt - 0.5 / this.frames.rate) {
      const { stopAt } = this;
      this.stopAt = null;
      player.pause();
      player.seek(stopAt - 0.5 / this.frames.rate);
      return;
    }
    this.timecode.textContent = this.frames.timecode(player.frame);
    timeline.setPlayhead(player.time, player.isPlaying);
    this.stage.setTime(player.time, player.isPlaying);
    const index = this.#segmentAt(player.frame);
    if (index !== this.list.current) {
      this.#choose(index);
      if (player.isPlaying || !this.element.contains(document.activeElement)) this.list.reveal();
    }
    this.#remember();
  }

  #stateChanged() {
    const { rate, isPlaying } = this.player;
    fill(this.playButton, icon(isPlaying ? 'pause' : 'play'));
    this.playButton.setAttribute('aria-label', isPlaying ? 'Stop' : 'Play');
    this.speed.textContent = isPlaying && rate !== 1 ? `${rate < 0 ? '◂' : '▸'} ${Math.abs(rate)}×` : '';
    if (!isPlaying) this.#remember();
  }

  async #playableChanged() {
    const { isPlayable } = this.player;
    this.element.dataset.playable = String(isPlayable);
    this.stage.setPlayable(isPlayable, 'Stills follow the playhead.');
    if (!isPlayable) this.stage.setPlayable(false, await this.#whyNot());
  }

  async #whyNot() {
    if (!this.videoUrl) return 'The video itself is not served here: stills follow the playhead.';
    try {
      await request(this.videoUrl, { headers: { Range: 'bytes=0-0' } });
    } catch (error) {
      if (error.status === 404) return 'The video is not where it was when it was tagged: stills follow the playhead.';
    }
    return `This browser does not play ${this.motion.video.codec ?? 'this video'}: stills follow the playhead.`;
  }

  #filterChanged() {
    const { tree } = this.filter;
    const matches = compileFilter(tree);
    const indices = [];
    this.segments.forEach((segment, index) => { if (matches(segment)) indices.push(index); });
    this.timeline.matches = tree === null ? null : new Set(indices);
    this.timeline.paint();
    this.list.setIndices(indices);
    this.tally.textContent = tree === null ? count(indices.length, 'segment') : `${indices.length.toLocaleString('en')} of ${count(this.segments.length, 'segment')}`;
    this.#exportText();
    this.#remember();
  }

  #marksChanged() {
    this.list.setMarks(this.marks);
    this.timeline.marks = this.marks;
    this.timeline.paint();
    this.markButton.setAttribute('aria-pressed', String(this.marks.has(this.list.current)));
    storeMarks(this.run.runId, this.marks);
    this.#exportText();
    this.#remember();
  }

  #exportText() {
    const { size } = this.marks;
    const listed = this.filter.tree === null ? '' : ` ${this.list.indices.length.toLocaleString('en')}`;
    const text = size ? `Export ${size.toLocaleString('en')} marked` : `Export${listed}`;
    this.exportButton.querySelector('.export-text').textContent = text;
  }

  #rangeChanged() {
    const { start, end } = this.range;
    this.timeline.range = this.range;
    this.timeline.paint();
    const at = (seconds) => this.frames.timecode(this.frames.at(seconds));
    const parts = [];
    if (start !== null) parts.push(`in ${at(start)}`);
    if (end !== null) parts.push(`out ${at(end)}`);
    if (start !== null && end !== null) parts.push(clock(end - start));
    this.rangeText.textContent = parts.join(' · ');
    this.#loopChanged();
    this.#remember();
  }

  #loopChanged() {
    this.loopButton.setAttribute('aria-pressed', String(this.loops));
    const { start, end } = this.range;
    const segment = this.segments[this.list.current];
    const isRange = start !== null || end !== null;
    if (!this.loops) this.player.loop = null;
    else if (isRange) this.player.loop = { from: start ?? 0, to: end ?? this.timeline.model.duration };
    else if (!this.player.isPlaying || !this.player.loop) {
      this.player.loop = segment ? this.#span(segment) : null;
    }
    this.#remember();
  }

  /** Puts what is looked at into the address, a little later where it changes all the time. */
  #remember(now = false) {
    clearTimeout(this.remembering);
    if (this.aborting.signal.aborted) return;
    if (!now) {
      this.remembering = setTimeout(() => this.#remember(true), ROUTE_MS);
      return;
    }
    if (this.player.isPlaying) return;
    const { timeline, range } = this;
    const { from, to } = timeline.view;
    const isWhole = to - from >= timeline.model.duration - 1e-6;
    const three = (value) => (value === null ? null : String(Math.round(value * 1000) / 1000));
    replaceRoute(this.run.videoId, {
      run: this.run.runId, t: three(this.player.time), from: isWhole ? null : three(from), to: isWhole ? null : three(to),
      in: three(range.start), out: three(range.end), loop: this.loops ? '1' : null, marks: formatMarks(this.marks),
      where: this.filter.text, overlay: this.overlay === 'none' ? null : this.overlay,
    });
  }

  /** The address of the library, filtered alike. */
  get libraryRoute() {
    return routeTo(null, { where: this.filter.text });
  }
}

/** Opens a video: reads its motion.json. */
export async function openVideo(source, videoId, query) {
  const asked = query.get('run');
  const run = await source.run(videoId, asked);
  const { video, analysis, shots, segments } = run.motion ?? {};
  if (!video || !analysis || !Array.isArray(shots) || !Array.isArray(segments)) {
    throw new FetchError('this is not a readable motion.json', 200);
  }
  const isAnother = Boolean(asked) && asked !== run.runId;
  if (isAnother) RUN_QUERIES.forEach((name) => query.delete(name));
  return new VideoPage(run, query, isAnother ? ANOTHER_RUN : null);
}

/** Index of the first segment that begins after a frame. */
function firstBeyond(segments, frame) {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle].start.frame <= frame) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Width and height of the picture as it is displayed, in square px. */
function displayShape(video) {
  const sar = fraction((video.sample_aspect_ratio ?? '1/1').replace(':', '/')) || 1;
  const width = Math.round((video.width ?? 16) * sar);
  const height = video.height ?? 9;
  return (video.rotation ?? 0) % 180 === 0 ? { width, height } : { width: height, height: width };
}

function tool(label, name, action, attributes = {}, text = null) {
  return h('button.tool', { type: 'button', 'aria-label': label, title: label, on: { click: action }, ...attributes }, name ? icon(name) : h('span', { 'aria-hidden': 'true', text }));
}
