/**
 * Where results come from: a folder or a bucket with the layout of an output folder, or the API.
 * Both give the same: a list of videos, and runs.
 */

import { FetchError, request, requestJson } from './fetching.js';

const ID = /^[a-z0-9][a-z0-9-]{0,63}$/;
const THUMBNAIL = /^thumbnails\/[A-Za-z0-9_-]+\.jpg$/;

/**
 * Opens the source that the page's address names (`?api=` or `?data=`), or that `config.json`
 * beside the page does.
 */
export async function openSource() {
  const asked = new URLSearchParams(location.search);
  const config = await requestJson(new URL('config.json', document.baseURI)).catch(() => ({}));
  const api = asked.get('api') ?? config.api;
  if (api) return new ApiSource(new URL(withSlash(api), location.href));
  const data = asked.get('data') ?? config.data ?? '../';
  const base = new URL(withSlash(data), document.baseURI);
  return new StaticSource(base, asked.has('data') ? {} : config);
}

function withSlash(url) {
  return url.endsWith('/') ? url : `${url}/`;
}

function checkedId(id) {
  if (!ID.test(id ?? '')) throw new FetchError('there is no such video', 404);
  return id;
}

/** Objects of the catalog; what is not as it should be is left out, and counted. */
function readEntries(source, videos) {
  if (!Array.isArray(videos)) throw new FetchError('this is not a readable catalog', 200);
  const entries = videos.filter(isEntry);
  source.unreadable = videos.length - entries.length;
  return entries;
}

/** Whether all is there that the library shows, searches and sorts by. */
function isEntry(each) {
  if (typeof each !== 'object' || each === null) return false;
  const { camera, level_seconds: levels, peak } = each;
  return [each.video_id, each.run_id].every((id) => typeof id === 'string' && ID.test(id))
    && [each.uri, each.name, each.status].every((text) => typeof text === 'string')
    && isNumber(each.segments) && (each.duration_seconds === null || isNumber(each.duration_seconds))
    && typeof levels === 'object' && levels !== null && Object.values(levels).every(isNumber)
    && Array.isArray(camera) && camera.every((label) => typeof label === 'string')
    && (peak === null || typeof peak === 'object')
    && (each.thumbnails === null || each.thumbnails === undefined || Array.isArray(each.thumbnails));
}

function isNumber(value) {
  return typeof value === 'number' && Number.isFinite(value);
}

/** A folder or a bucket, read as static files. */
class StaticSource {
  constructor(base, config) {
    this.base = base;
    this.config = config;
    this.opensVideo = ID.test(config.open ?? '') ? config.open : null;
    this.exportFormats = Array.isArray(config.export) ? config.export.map(String) : [];
    this.needsToken = false;
    /** How many entries of the catalog the last list left out. */
    this.unreadable = 0;
  }

  /** All videos, newest first. */
  async videos() {
    const catalog = await requestJson(new URL('catalog/catalog.json', this.base), {
      cache: 'no-cache',
    });
    return readEntries(this, catalog?.videos);
  }

  /** A run of a video; the newest where none is named. */
  async run(videoId, runId) {
    const run = runId ? checkedId(runId) : await this.#latest(checkedId(videoId));
    const base = new URL(`${checkedId(videoId)}/${run}/`, this.base);
    return new StaticRun(this, base, videoId, run, await requestJson(new URL('motion.json', base)));
  }

  /** The motion.json of an entry of the catalog. */
  async motion(entry) {
    return requestJson(new URL(`${entry.video_id}/${entry.run_id}/motion.json`, this.base));
  }

  /** Pictures of some segments spread over a video, as URLs. */
  async strip(entry, most) {
    const base = new URL(`${entry.video_id}/${entry.run_id}/`, this.base);
    // An older entry names none: what it would name may be missing, and answers 404.
    const named = entry.thumbnails ?? spread(entry.segments, most).map((index) => `thumbnails/${String(index).padStart(4, '0')}.jpg`);
    return named.filter((name) => THUMBNAIL.test(name)).slice(0, most).map((name) => new URL(name, base).href);
  }

  async #latest(videoId) {
    const latest = await requestJson(new URL(`${videoId}/latest.json`, this.base), {
      cache: 'no-cache',
    });
    return checkedId(latest.run_id);
  }
}

class StaticRun {
  constructor(source, base, videoId, runId, motion) {
    this.source = source;
    this.base = base;
    this.videoId = videoId;
    this.runId = runId;
    this.motion = motion;
  }

  /** URL of the picture of a segment; null where it has none. */
  async thumbnail(segment) {
    // A name is data: one that would lead out of the run's folder is no thumbnail.
    return THUMBNAIL.test(segment.thumbnail ?? '') ? new URL(segment.thumbnail, this.base).href : null;
  }

  /** URL of the video; null where nobody serves it. */
  async video() {
    const { media } = this.source.config;
    if (typeof media === 'string') {
      return new URL(`${withSlash(media)}${this.videoId}/${this.runId}`, document.baseURI).href;
    }
    const uri = String(this.motion.video.uri);
    for (const [prefix, url] of Object.entries(media ?? {})) {
      if (uri.startsWith(prefix)) {
        const rest = uri.slice(prefix.length).split('/').map(encodeURIComponent).join('/');
        return new URL(rest, new URL(url, document.baseURI)).href;
      }
    }
    return null;
  }

  /** URL of the playable copy that `flowtag tag --proxy` makes, if it did. */
  async proxy() {
    return new URL('proxy.mp4', this.base).href;
  }

  /** URL of frames.parquet. */
  async frames() {
    return new URL('frames.parquet', this.base).href;
  }

  /** The chunks of the run: `start_pts`, `end_pts` and `url` of each. */
  async chunks() {
    const plan = await requestJson(new URL('plan.json', this.base));
    return plan.chunks.map((range, index) => ({
      ...range,
      url: new URL(`chunks/${String(index).padStart(5, '0')}.npz`, this.base).href,
    }));
  }

  /** An export as the server makes it. */
  async exported(format, where) {
    const url = new URL(`export/${this.videoId}/${this.runId}`, document.baseURI);
    url.search = new URLSearchParams({ format, ...(where && { where }) });
    return (await request(url)).blob();
  }
}

/** The API, asked with a bearer token. */
class ApiSource {
  constructor(base) {
    this.base = base;
    this.opensVideo = null;
    this.exportFormats = [];
    this.needsToken = !this.#token;
    this.unreadable = 0;
  }

  /** Keeps the token until the tab is closed; it goes to this API and nowhere else. */
  signIn(token) {
    sessionStorage.setItem(this.#tokenKey, token.trim());
    this.needsToken = false;
  }

  /** Forgets the token. */
  signOut() {
    sessionStorage.removeItem(this.#tokenKey);
    this.needsToken = true;
  }

  async videos() {
    const videos = [];
    let cursor = null;
    do {
      const query = new URLSearchParams({ limit: 200, ...(cursor && { cursor }) });
      const page = await this.ask(`videos?${query}`);
      videos.push(...page.videos);
      cursor = page.cursor;
    } while (cursor);
    return readEntries(this, videos);
  }

  async run(videoId) {
    const id = checkedId(videoId);
    const entry = await this.ask(`videos/${id}`);
    return new ApiRun(this, id, entry.run_id, await this.motion(entry));
  }

  async motion(entry) {
    try {
      return await this.ask(`videos/${entry.video_id}/motion`);
    } catch (error) {
      if (error.status !== 0) throw error;
      // A long one is led to elsewhere, where a page of a third origin may not follow.
      const links = await this.ask(`videos/${entry.video_id}/links?limit=1`);
      return requestJson(links.motion_url);
    }
  }

  async strip(entry, most) {
    const links = await this.ask(`videos/${entry.video_id}/links?limit=500`);
    const urls = links.thumbnails.map((each) => each.url);
    return spread(urls.length, most).map((index) => urls[index]);
  }

  async ask(path) {
    const headers = this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
    try {
      return await requestJson(new URL(path, this.base), { headers });
    } catch (error) {
      if (error.status === 401 || error.status === 403) this.signOut();
      throw error;
    }
  }

  get #token() {
    return sessionStorage.getItem(this.#tokenKey);
  }

  get #tokenKey() {
    return `flowtag.token ${this.base.origin}`;
  }
}

const LINKS_HOLD_MS = 300_000;

class ApiRun {
  constructor(source, videoId, runId, motion) {
    this.source = source;
    this.videoId = videoId;
    this.runId = runId;
    this.motion = motion;
    this.pages = new Map();
  }

  async thumbnail(segment) {
    const page = Math.floor(segment.index / 100) * 100;
    const links = await this.#links(page);
    return links.thumbnails.find((each) => each.segment === segment.index)?.url ?? null;
  }

  async video() {
    return (await this.#links(0)).source_url;
  }

  async proxy() {
    return null;
  }

  async frames() {
    return (await this.#links(0)).frames_url;
  }

  async chunks() {
    const chunks = [];
    let first = 0;
    while (first !== null) {
      const page = await this.source.ask(`videos/${this.videoId}/chunks?first=${first}&limit=500`);
      chunks.push(...page.chunks);
      first = page.next;
    }
    return chunks;
  }

  async exported() {
    throw new FetchError('the API makes no exports', 404);
  }

  /** Links are signed for a while, so they are asked for again before they end. */
  #links(first) {
    const known = this.pages.get(first);
    if (known && Date.now() - known.at < LINKS_HOLD_MS) return known.links;
    const links = this.source.ask(`videos/${this.videoId}/links?first=${first}&limit=100`);
    this.pages.set(first, { at: Date.now(), links });
    links.catch(() => this.pages.delete(first));
    return links;
  }
}

/** Some of so many things, evenly apart. */
function spread(length, most) {
  const wanted = Math.min(length, most);
  return Array.from({ length: wanted }, (_, i) => Math.floor(((i + 0.5) / wanted) * length));
}
