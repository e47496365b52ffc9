/** The application: which page is shown, keys, theme. */

import { announce, mountAnnouncer } from './announce.js';
import { fill, h, icon } from './dom.js';
import { FetchError } from './fetching.js';
import { openDialog, showHelp } from './help.js';
import { LibraryPage } from './library.js';
import { readRoute, routeTo } from './route.js';
import { openSource } from './sources.js';
import { openVideo } from './video.js';

const THEME = 'flowtag.theme';

class Application {
  constructor(source) {
    this.source = source;
    this.page = null;
    this.header = document.getElementById('header');
    this.place = document.getElementById('page');
    this.libraryRoute = '#/';
    addEventListener('hashchange', () => this.open());
    document.querySelector('.skip').addEventListener('click', (event) => {
      // The part after "#" is the view's address, not a place in the page.
      event.preventDefault();
      document.getElementById('main')?.focus();
    });
    addEventListener('keydown', (event) => this.#key(event));
    addEventListener('visibilitychange', () => this.#returned());
    matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => this.page?.recolour?.());
  }

  /** Shows what the address says. */
  async open() {
    const { video, query } = readRoute();
    if (this.source.needsToken && !(await this.#signIn())) {
      this.#fail(new FetchError('no token was given', 401));
      return;
    }
    if (this.page instanceof LibraryPage) this.libraryRoute = this.page.address;
    this.page?.close();
    this.page = null;
    if (video) await this.#openVideo(video, query);
    else this.#openLibrary(query);
  }

  #openLibrary(query) {
    const page = new LibraryPage(this.source, query, () => this.open());
    this.#show(page, h('h1.visually-hidden', { text: 'Library' }));
    page.load();
  }

  async #openVideo(video, query) {
    const opened = location.hash;
    fill(this.place, h('main.empty', { id: 'main' }, h('p', { role: 'status', text: 'Opening…' })));
    try {
      const page = await openVideo(this.source, video, query);
      if (opened !== location.hash) return;
      this.#show(page, page.heading);
      page.start();
    } catch (error) {
      // What could not be read is told on the page; anything else is a mistake in the viewer.
      if (!(error instanceof FetchError)) console.error(error);
      this.#fail(error);
    }
  }

  #fail(error) {
    this.page?.close();
    this.page = null;
    this.#header();
    const { needsToken } = this.source;
    fill(this.place, h('main.empty', { id: 'main', tabindex: '-1' }, h('h1', { text: needsToken ? 'Not signed in' : 'This video cannot be shown' }),
      h('p', { role: 'alert', text: `${error.message}.` }),
      needsToken ? h('button.primary', { type: 'button', text: 'Sign in', on: { click: () => this.open() } }) : h('a.primary', { href: '#/', text: 'To the library' })));
  }

  #show(page, heading) {
    this.page = page;
    this.#header(heading);
    fill(this.place, page.element);
  }

  #header(heading = null) {
    const isVideo = this.page !== null && !(this.page instanceof LibraryPage);
    const button = (label, name, action, keys) => h('button.quiet.icon-only', { type: 'button', 'aria-label': label, title: `${label} (${keys})`, on: { click: action } }, icon(name));
    fill(this.header,
      isVideo || !heading ? h('a.back', { href: this.libraryRoute, 'aria-label': 'Back to the library' }, icon('back'), h('span', { text: 'Library' })) : h('a.brand', { href: '#/' }, h('img', { src: 'logo.svg', alt: '' }), h('span', { text: 'flowtag' })),
      heading, h('span.grow'),
      isVideo ? h('button.quiet', { type: 'button', on: { click: () => this.page.copyLink() } }, icon('link'), h('span', { text: 'Copy link' })) : null,
      button('Light or dark', 'theme', () => this.#switchTheme(), 'T'),
      button('Keys', 'help', showHelp, '?'));
  }

  #switchTheme() {
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    const now = document.documentElement.dataset.theme || (dark ? 'dark' : 'light');
    const next = now === 'dark' ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    localStorage.setItem(THEME, next);
    this.page?.recolour?.();
    announce(`${next === 'dark' ? 'Dark' : 'Light'} theme`);
  }

  #returned() {
    if (!document.hidden && this.page instanceof LibraryPage) this.page.load();
  }

  #signIn() {
    const host = this.source.base.host;
    return new Promise((resolve) => {
      const input = h('input', { type: 'password', id: 'token', autocomplete: 'off', required: true });
      const form = h('form.token', { method: 'dialog', on: { submit: () => this.source.signIn(input.value) } },
        h('p', { text: `Requests to ${host} carry this token, and it goes nowhere else. It is forgotten when the tab is closed.` }),
        h('label', { for: 'token', text: 'Bearer token' }), input, h('button.primary', { type: 'submit', text: 'Sign in' }));
      openDialog(`Sign in to ${host}`, form).addEventListener('close', () => resolve(!this.source.needsToken));
      input.focus();
    });
  }

  #key(event) {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (target.matches?.('input, select, textarea, [contenteditable]')) return;
    if (target.matches?.('button, a, summary') && (key === ' ' || key === 'Enter')) return;
    const action = COMMON_KEYS[key] ?? (this.page && !(this.page instanceof LibraryPage) ? VIDEO_KEYS[key] : undefined);
    if (!action) return;
    event.preventDefault();
    action(this.page, event, this);
  }

  switchTheme() {
    this.#switchTheme();
  }
}

const COMMON_KEYS = {
  '/': (page) => page?.focusSearch(),
  '?': showHelp,
  t: (page, event, application) => application.switchTheme(),
};

const step = (frames) => (page, event) => {
  const { player } = page;
  if (event.shiftKey) player.seek(player.frames.seconds(player.frame + frames * player.frames.base));
  else player.step(frames);
};

const VIDEO_KEYS = {
  j: (page) => page.player.shuttle(-1),
  k: (page) => page.player.pause(),
  l: (page) => page.player.shuttle(1),
  ' ': (page) => page.player.toggle(),
  ',': step(-1),
  '.': step(1),
  ArrowLeft: step(-1),
  ArrowRight: step(1),
  ArrowUp: (page) => page.goToNeighbour(-1),
  ArrowDown: (page) => page.goToNeighbour(1),
  Home: (page) => page.player.seek(0),
  End: (page) => page.player.seek(page.player.duration),
  Enter: (page) => page.playSegment(page.list.current),
  i: (page) => page.setRange('start'),
  o: (page) => page.setRange('end'),
  x: (page) => page.clearRange(),
  p: (page) => page.toggleLoop(),
  m: (page) => page.toggleMark(),
  e: (page) => page.export(),
  f: (page) => page.nextOverlay(),
  b: () => { location.hash = document.querySelector('.back')?.hash || '#/'; },
  '+': (page) => page.timeline.zoomIn(),
  '=': (page) => page.timeline.zoomIn(),
  '-': (page) => page.timeline.zoomOut(),
  0: (page) => page.timeline.fit(),
};
// With the lock on, or Shift held, a letter means the same.
for (const [key, action] of Object.entries(VIDEO_KEYS)) {
  if (/^[a-z]$/.test(key)) VIDEO_KEYS[key.toUpperCase()] = action;
}

async function start() {
  mountAnnouncer();
  const source = await openSource();
  const { video, query } = readRoute();
  if (source.opensVideo && !video && ![...query].length && !location.hash) history.replaceState(null, '', routeTo(source.opensVideo));
  await new Application(source).open();
}

start();
