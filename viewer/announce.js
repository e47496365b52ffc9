/** Says things to a screen reader, and shows them for a moment to everyone else. */

import { h } from './dom.js';

const SHOWN_MS = 3200;
const region = h('div.toast', { role: 'status', 'aria-live': 'polite' });
let timer = 0;

/** Puts the region into the page. */
export function mountAnnouncer() {
  document.body.append(region);
}

/** Says something in a few words. */
export function announce(text) {
  region.textContent = text;
  region.classList.add('shown');
  clearTimeout(timer);
  timer = setTimeout(() => region.classList.remove('shown'), SHOWN_MS);
}
