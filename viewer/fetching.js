/** Reading over HTTP: errors that say what is wrong, bytes by ranges, few requests at a time. */

/** What could not be read, for people. `status` is HTTP's, 0 where no answer came. */
export class FetchError extends Error {
  constructor(message, status) {
    super(message);
    this.name = 'FetchError';
    this.status = status;
  }
}

/**
 * Asks for a resource.
 * @param {string|URL} url
 * @param {RequestInit} [options]
 * @returns {Promise<Response>} an answer of status 2xx
 * @throws {FetchError}
 */
export async function request(url, options = {}) {
  let answer;
  try {
    answer = await fetch(url, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new FetchError(`no answer from ${hostOf(url)}`, 0);
  }
  if (answer.ok) return answer;
  throw new FetchError(await reason(answer), answer.status);
}

/** A JSON document. */
export async function requestJson(url, options) {
  const answer = await request(url, options);
  try {
    return await answer.json();
  } catch {
    throw new FetchError(`${nameOf(url)} is not JSON`, answer.status);
  }
}

/** The bytes of an object, whole. */
export async function requestBytes(url) {
  return new Uint8Array(await (await request(url)).arrayBuffer());
}

/**
 * An object that is read by ranges; where the server gives none, or its answer may not say how
 * long the object is, it is fetched whole.
 * @returns {Promise<{byteLength: number, slice: (start: number, end?: number) => Promise<ArrayBuffer>}>}
 */
export async function rangedObject(url, tailBytes = 65536) {
  const answer = await request(url, { headers: { Range: `bytes=-${tailBytes}` } });
  const tail = await answer.arrayBuffer();
  const total = /\/(\d+)$/.exec(answer.headers.get('Content-Range') ?? '')?.[1];
  if (answer.status !== 206) return whole(tail);
  if (!total) return whole(await (await request(url)).arrayBuffer());
  const byteLength = Number(total);
  const tailStart = byteLength - tail.byteLength;
  return {
    byteLength,
    async slice(start, end = byteLength) {
      if (start >= tailStart) return tail.slice(start - tailStart, end - tailStart);
      const range = `bytes=${start}-${end - 1}`;
      return (await request(url, { headers: { Range: range } })).arrayBuffer();
    },
  };
}

function whole(buffer) {
  return {
    byteLength: buffer.byteLength,
    slice: async (start, end) => buffer.slice(start, end),
  };
}

/** Lets so many calls run at a time; the rest wait in order. */
export function limited(most) {
  const waiting = [];
  let running = 0;
  const next = () => {
    if (running >= most || !waiting.length) return;
    running += 1;
    const { call, resolve, reject } = waiting.shift();
    call().then(resolve, reject).finally(() => {
      running -= 1;
      next();
    });
  };
  return (call) => new Promise((resolve, reject) => {
    waiting.push({ call, resolve, reject });
    next();
  });
}

async function reason(answer) {
  const kind = answer.headers.get('Content-Type') ?? '';
  if (kind.includes('json')) {
    const said = await answer.json().catch(() => null);
    if (typeof said?.detail === 'string') return said.detail;
  }
  if (answer.status === 404) return `there is no ${nameOf(answer.url)}`;
  if (answer.status === 401 || answer.status === 403) {
    return `${hostOf(answer.url)} refused access (${answer.status})`;
  }
  return `${hostOf(answer.url)} answered ${answer.status}`;
}

function hostOf(url) {
  return new URL(url, location.href).host;
}

function nameOf(url) {
  return new URL(url, location.href).pathname.split('/').slice(-1)[0] || 'such page';
}
