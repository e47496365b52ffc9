/** The filter as people set it: a line of text, and choices that write into it. */

import { fill, h, icon } from './dom.js';
import { CHOICES, facetsOf, textOf } from './facets.js';
import { FilterError, parseFilter } from './filter.js';
import { cameraSign, cameraWords } from './words.js';

const TITLES = {
  level: 'Motion', camera: 'Camera', direction: 'Direction', steadiness: 'Steadiness', subject: 'Subject',
};
const DIRECTION_SIGNS = { left: '←', up: '↑', down: '↓', right: '→' };
const TYPING_MS = 250;
let made = 0;

/** Emits `change` when the filter is another one; `text` and `tree` are then new. */
export class FilterBar extends EventTarget {
  /** @param {string} text the filter to begin with; one that cannot be read is shown with its fault */
  constructor(text = '') {
    super();
    made += 1;
    this.text = '';
    this.tree = null;
    const id = `filter-${made}`;
    this.input = h('textarea.filter-text', {
      id, rows: '1', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off',
      placeholder: 'level >= high and camera has pan', 'aria-describedby': `${id}-fault`,
      on: { input: () => this.#typed(), keydown: (event) => this.#key(event) },
    });
    this.clear = h('button.quiet.icon-only', {
      type: 'button', 'aria-label': 'Clear the filter', on: { click: () => this.set('') },
    }, icon('close'));
    this.fault = h('p.fault', { id: `${id}-fault`, role: 'status' });
    this.line = h('div.filter-line', {}, h('label.visually-hidden', { for: id, text: 'Filter segments' }), icon('filter'), this.input, this.clear);
    this.choices = h('div.facets');
    this.#buildChoices();
    this.#showChoices(facetsOf(null));
    this.#apply(text, false);
    this.input.value = text;
  }

  /** Sets the filter. */
  set(text) {
    this.input.value = text;
    this.#apply(text, true);
  }

  #key(event) {
    if (event.key === 'Enter') {
      event.preventDefault();
      this.#apply(this.input.value, true);
    }
    if (event.key !== 'Escape') return;
    if (this.input.value) this.set('');
    else this.input.blur();
    event.stopPropagation();
  }

  #typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#apply(this.input.value, true), TYPING_MS);
  }

  #apply(text, tells) {
    clearTimeout(this.timer);
    this.clear.hidden = !text;
    try {
      this.tree = text.trim() ? parseFilter(text) : null;
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      this.input.setAttribute('aria-invalid', 'true');
      fill(this.fault, h('span', { text: `${sentence(error.message)}, at column ${error.column}.` }));
      return;
    }
    this.input.removeAttribute('aria-invalid');
    fill(this.fault);
    const isNew = text.trim() !== this.text;
    this.text = text.trim();
    this.#showChoices(facetsOf(this.tree));
    if (tells && isNew) this.dispatchEvent(new Event('change'));
  }

  #buildChoices() {
    this.buttons = [];
    this.bounds = {};
    fill(this.choices, ...Object.keys(CHOICES).map((kind) => this.#group(kind)), this.#boundsGroup());
  }

  #group(kind) {
    const isLevel = kind === 'level' || kind === 'subject';
    const buttons = CHOICES[kind].map((word) => {
      const name = kind === 'camera' ? cameraWords(word) : word;
      const sign = kind === 'camera' ? cameraSign(word) : DIRECTION_SIGNS[word];
      const button = h('button.choice', {
        type: 'button', data: isLevel ? { level: word } : {}, on: { click: () => this.#toggle(kind, word) },
      }, isLevel ? h('i.level-dot', { 'aria-hidden': 'true' }) : null,
      sign ? h('span.sign', { 'aria-hidden': 'true', text: sign }) : null, h('span', { text: name }));
      this.buttons.push({ button, kind, word });
      return button;
    });
    return h('fieldset.facet', {}, h('legend', { text: TITLES[kind] }), h('div.choices', {}, ...buttons));
  }

  #boundsGroup() {
    const field = (bound, label, unit, factor) => {
      const input = h('input', { type: 'number', min: '0', step: 'any', inputmode: 'decimal' });
      input.addEventListener('change', () => this.#bound(bound, input.value, factor));
      this.bounds[bound] = { input, factor };
      return h('label.bound', {}, h('span', { text: label }), input, h('span.unit', { text: unit, 'aria-hidden': 'true' }));
    };
    return h('fieldset.facet', {}, h('legend', { text: 'Length and confidence' }), h('div.bounds', {}, field('least', 'at least', 's', 1), field('most', 'at most', 's', 1), field('confidence', 'sure', '%', 100)));
  }

  /** Shows choices in place, so that whoever is at one of them stays there. */
  #showChoices(facets) {
    this.facets = facets;
    for (const { button, kind, word } of this.buttons) {
      button.setAttribute('aria-pressed', String(facets.words[kind].has(word)));
    }
    for (const [bound, { input, factor }] of Object.entries(this.bounds)) {
      const value = facets.bounds[bound];
      input.value = value === null ? '' : String(Math.round(value * factor * 1000) / 1000);
    }
  }

  #toggle(kind, word) {
    const chosen = this.facets.words[kind];
    if (!chosen.delete(word)) chosen.add(word);
    this.set(textOf(this.facets));
  }

  #bound(bound, value, factor) {
    this.facets.bounds[bound] = value === '' || !(Number(value) >= 0) ? null : Number(value) / factor;
    this.set(textOf(this.facets));
  }
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
