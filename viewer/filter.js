/**
 * The filter language of `--where`: what a syntax tree asks of segments of motion.json.
 *
 * What is unknown (null) follows Kleene's logic: only what is certainly true matches.
 */

import { CAMERA_GROUPS, DIRECTIONS, FIELDS } from './filter_fields.js';

export { FilterError, parseFilter } from './filter_parsing.js';

const WITHIN_DEGREES = 45;

/**
 * Makes a question of a tree.
 * @param {object|null} tree of `parseFilter`; null matches everything
 * @returns {(segment: object) => boolean}
 */
export function compileFilter(tree) {
  if (tree === null) return () => true;
  const ask = compile(tree);
  return (segment) => ask(segment) === true;
}

/**
 * Whether any segment of a video could match, by what the catalog says of the video: which levels
 * and which camera labels occur. True where the catalog cannot tell.
 * @param {object|null} tree of `parseFilter`
 * @param {{level_seconds: object, camera: string[]}} entry of the catalog
 */
export function mayMatch(tree, entry) {
  return tree === null || possible(tree, entry).isTrue;
}

/** The top-level terms that `and` joins. */
export function conjuncts(tree) {
  if (tree === null) return [];
  return tree.kind === 'and' ? tree.terms : [tree];
}

/** A tree as a function from a segment to true, false or null. */
function compile(tree) {
  switch (tree.kind) {
    case 'or':
    case 'and':
      return junction(tree.terms.map(compile), tree.kind === 'or');
    case 'not':
      return negated(compile(tree.term));
    case 'has':
      return containing(FIELDS[tree.field], tree.word);
    case 'unknown':
      return unknown(tree.field, tree.not);
    case 'in': {
      const equals = tree.values.map((value) => comparing(FIELDS[tree.field], '=', value));
      const any = junction(equals, true);
      return tree.not ? negated(any) : any;
    }
    default:
      return comparing(FIELDS[tree.field], tree.op, tree.value);
  }
}

function junction(asks, decisive) {
  return (segment) => {
    let result = !decisive;
    for (const ask of asks) {
      const answer = ask(segment);
      if (answer === decisive) return decisive;
      if (answer === null) result = null;
    }
    return result;
  };
}

function negated(ask) {
  return (segment) => {
    const answer = ask(segment);
    return answer === null ? null : !answer;
  };
}

function known(value) {
  return value === undefined ? null : value;
}

function containing(field, word) {
  const wanted = Object.hasOwn(field.groups, word) ? field.groups[word] : [word];
  return (segment) => {
    const words = known(field.read(segment));
    return words === null ? null : wanted.some((each) => words.includes(each));
  };
}

/** An empty list of camera labels is how motion.json writes that nothing is known. */
function unknown(name, not) {
  const field = FIELDS[name];
  return (segment) => {
    const value = known(field.read(segment));
    return (value === null || (name === 'camera' && value.length === 0)) !== not;
  };
}

function comparing(field, op, value) {
  const compare = OPERATORS[op];
  if (field.kind === 'ordered') {
    const wanted = field.words.indexOf(value);
    return (segment) => {
      const rank = field.words.indexOf(known(field.read(segment)));
      return rank < 0 ? null : compare(rank, wanted);
    };
  }
  if (field.kind === 'direction' && (op === '=' || op === '!=')) return towards(field, op, value);
  return (segment) => {
    const actual = known(field.read(segment));
    return actual === null ? null : compare(actual, value);
  };
}

/** A direction is as asked for within 45 degrees. */
function towards(field, op, value) {
  const wanted = typeof value === 'string' ? DIRECTIONS[value] : value;
  return (segment) => {
    const degrees = known(field.read(segment));
    if (degrees === null) return null;
    const apart = Math.abs(modulo(degrees - wanted + 180, 360) - 180);
    return (apart <= WITHIN_DEGREES) === (op === '=');
  };
}

function modulo(number, by) {
  return ((number % by) + by) % by;
}

const OPERATORS = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** Whether a tree could be true, and whether it could be false, of some segment of a video. */
function possible(tree, entry) {
  const anything = { isTrue: true, isFalse: true };
  switch (tree.kind) {
    case 'and':
    case 'or': {
      const terms = tree.terms.map((term) => possible(term, entry));
      const isAnd = tree.kind === 'and';
      return {
        isTrue: isAnd ? terms.every((t) => t.isTrue) : terms.some((t) => t.isTrue),
        isFalse: isAnd ? terms.some((t) => t.isFalse) : terms.every((t) => t.isFalse),
      };
    }
    case 'not': {
      const term = possible(tree.term, entry);
      return { isTrue: term.isFalse, isFalse: term.isTrue };
    }
    case 'has': {
      if (tree.field !== 'camera') return anything;
      const wanted = CAMERA_GROUPS[tree.word] ?? [tree.word];
      return { isTrue: wanted.some((each) => entry.camera.includes(each)), isFalse: true };
    }
    case 'compare':
    case 'in': {
      if (tree.field !== 'level' || tree.not) return anything;
      const ask = compile(tree);
      const occurs = Object.keys(entry.level_seconds);
      return { isTrue: occurs.some((level) => ask({ motion: { level } }) === true), isFalse: true };
    }
    default:
      return anything;
  }
}
