/**
 * A filter as choices that can be clicked, and back: the terms of the text that the choices can
 * say become choices, all others are kept as they were written.
 */

import { conjuncts } from './filter.js';
import { CAMERA_LABELS, LEVELS, STEADINESS } from './words.js';

/** The choices: a word of each kind, in the order in which they are shown. */
export const CHOICES = {
  level: LEVELS,
  camera: CAMERA_LABELS,
  direction: ['left', 'up', 'down', 'right'],
  steadiness: STEADINESS,
  subject: LEVELS,
};

const BOUNDS = {
  least: ['length', '>='], most: ['length', '<='], confidence: ['confidence', '>='],
};

/**
 * @typedef {object} Facets
 * @property {Object<string, Set<string>>} words chosen words of each kind
 * @property {{least: number|null, most: number|null, confidence: number|null}} bounds length in
 *   seconds, confidence as a share
 * @property {string[]} rest terms that no choice can say
 */

/** What a tree of `parseFilter` says in choices. */
export function facetsOf(tree) {
  const words = Object.fromEntries(Object.keys(CHOICES).map((kind) => [kind, new Set()]));
  const facets = { words, bounds: { least: null, most: null, confidence: null }, rest: [] };
  for (const term of conjuncts(tree)) {
    if (!takeWords(facets, term) && !takeBound(facets, term)) {
      facets.rest.push(term.kind === 'or' && !term.source.startsWith('(') ? `(${term.source})` : term.source);
    }
  }
  return facets;
}

/** The text of choices. */
export function textOf(facets) {
  const terms = [];
  for (const kind of Object.keys(CHOICES)) {
    const chosen = CHOICES[kind].filter((word) => facets.words[kind].has(word));
    if (chosen.length) terms.push(wordsTerm(kind, chosen));
  }
  const { least, most, confidence } = facets.bounds;
  if (least !== null) terms.push(`length >= ${plain(least)}s`);
  if (most !== null) terms.push(`length <= ${plain(most)}s`);
  if (confidence !== null) terms.push(`confidence >= ${plain(confidence * 100)}%`);
  return [...terms, ...facets.rest].join(' and ');
}

function plain(number) {
  return String(Math.round(number * 1000) / 1000);
}

function wordsTerm(kind, chosen) {
  if (kind === 'camera' || kind === 'direction') {
    const terms = chosen.map((word) => `${kind} ${kind === 'camera' ? 'has' : '='} ${word}`);
    return terms.length === 1 ? terms[0] : `(${terms.join(' or ')})`;
  }
  return chosen.length === 1 ? `${kind} = ${chosen[0]}` : `${kind} in (${chosen.join(', ')})`;
}

function takeWords(facets, term) {
  const found = wordsOf(term);
  if (!found) return false;
  const { kind, words } = found;
  // Two terms of one kind are both meant: that is more than choices can say.
  if (facets.words[kind].size || words.some((word) => !CHOICES[kind].includes(word))) return false;
  words.forEach((word) => facets.words[kind].add(word));
  return true;
}

function wordsOf(term) {
  if (term.kind === 'or') {
    const parts = term.terms.map(wordsOf);
    const kind = parts[0]?.kind;
    const isOne = parts.every((part) => part?.kind === kind) && (kind === 'camera' || kind === 'direction');
    return isOne ? { kind, words: parts.flatMap((part) => part.words) } : null;
  }
  if (term.kind === 'has' && term.field === 'camera') {
    return { kind: 'camera', words: groupWords(term.word) };
  }
  if (!Object.hasOwn(CHOICES, term.field ?? '')) return null;
  if (term.kind === 'in' && !term.not) return { kind: term.field, words: term.values };
  if (term.kind !== 'compare' || typeof term.value !== 'string') return null;
  if (term.op === '=') return { kind: term.field, words: [term.value] };
  const rank = CHOICES[term.field].indexOf(term.value);
  if (term.op === '>=') return { kind: term.field, words: CHOICES[term.field].slice(rank) };
  return null;
}

function groupWords(word) {
  const members = CAMERA_LABELS.filter((label) => label.startsWith(`${word}_`));
  return members.length ? members : [word];
}

function takeBound(facets, term) {
  for (const [bound, [field, op]] of Object.entries(BOUNDS)) {
    if (term.kind === 'compare' && term.field === field && term.op === op && facets.bounds[bound] === null) {
      facets.bounds[bound] = field === 'length' ? term.value / 1_000_000 : term.value;
      return true;
    }
  }
  return false;
}
