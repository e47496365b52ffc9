/**
 * What is looked at, as the part of the page's address after "#": a link restores the exact view.
 *
 *   #/?q=take&where=level%20%3D%20high&sort=peak
 *   #/video/take-2-3f9a1c2b77d0?run=…&t=7.48&segment=5&from=2&to=12&marks=1,5&where=…
 */

/** @returns {{video: string|null, query: URLSearchParams}} */
export function readRoute() {
  const [path, query = ''] = location.hash.replace(/^#/, '').split(/\?(.*)/s);
  const found = /^\/video\/([a-z0-9-]+)$/.exec(path);
  return { video: found ? found[1] : null, query: new URLSearchParams(query) };
}

/** The address of a view; values that are null or empty are left out. */
export function routeTo(video, query = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const text = new URLSearchParams(kept).toString().replaceAll('%2C', ',').replaceAll('+', '%20');
  return `#/${video ? `video/${video}` : ''}${text ? `?${text}` : ''}`;
}

/** Changes the address without a new entry in the history. */
export function replaceRoute(video, query) {
  const address = routeTo(video, query);
  if (address !== location.hash) history.replaceState(history.state, '', address);
}

/** A number of the query within bounds; null where there is none. */
export function queryNumber(query, name, least = 0, most = Infinity) {
  const text = query.get(name);
  const value = Number(text);
  return text === null || text === '' || !Number.isFinite(value) ? null : Math.min(Math.max(value, least), most);
}
