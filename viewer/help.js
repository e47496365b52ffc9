/** The keys, told in a dialog. */

import { h, icon } from './dom.js';

const KEYS = {
  Play: [
    ['L', 'play; again: twice as fast'], ['K', 'stop'], ['J', 'play backwards; again: twice as fast'],
    ['Space', 'play or stop'], [', .', 'one frame back, on'], ['← →', 'one frame back, on'], ['Shift ← →', 'one second back, on'],
    ['Home End', 'to the start, to the end'],
  ],
  Segments: [
    ['↑ ↓', 'previous, next segment'], ['Enter', 'play the segment'], ['P', 'loop the segment, or in to out'],
    ['M', 'mark the segment'], ['E', 'export marked segments'], ['/', 'search or filter'],
  ],
  'In and out': [['I', 'in'], ['O', 'out'], ['X', 'clear both']],
  Picture: [['F', 'next overlay: arrows, colour wheel, confidence'], ['+ −', 'zoom the timeline'], ['0', 'show all of it']],
  Page: [['?', 'this help'], ['B', 'back to the library'], ['T', 'light or dark']],
};

/** Opens the dialog. */
export function showHelp() {
  const groups = Object.entries(KEYS).map(([title, keys]) => h('section', {}, h('h3', { text: title }),
    h('dl.keys', {}, ...keys.flatMap(([key, what]) => [h('dt', {}, ...key.split(' ').map((each) => h('kbd', { text: each }))), h('dd', { text: what })]))));
  openDialog('Keys', h('div.key-groups', {}, ...groups));
}

/** Opens a dialog with a title; it takes the focus, and gives it back when it is closed. */
export function openDialog(title, ...content) {
  const close = () => dialog.close();
  const dialog = h('dialog', { 'aria-labelledby': 'dialog-title' },
    h('div.dialog-head', {}, h('h2', { id: 'dialog-title', text: title }),
      h('button.quiet.icon-only', { type: 'button', 'aria-label': 'Close', on: { click: close } }, icon('close'))),
    ...content);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (event) => { if (event.target === dialog) close(); });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
