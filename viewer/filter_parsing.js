/** The text of a filter, as docs/formats/filter.md describes it, to a syntax tree. */

import { DIRECTIONS, FIELDS, MICROSECONDS } from './filter_fields.js';

const KEYWORDS = ['and', 'or', 'not', 'has', 'is', 'in', 'unknown'];
const UNIT_SECONDS = [3600, 60, 1, 0.001];
const MAX_LENGTH = 1000;
const MAX_DEPTH = 32;

/** A filter that cannot be understood: where, and what was expected there. */
export class FilterError extends Error {
  /**
   * @param {string} message what was expected
   * @param {number} column of the text, from 1
   */
  constructor(message, column) {
    super(message);
    this.name = 'FilterError';
    this.column = column;
  }
}

/**
 * Parses a filter.
 * @param {string} text
 * @returns {object} its syntax tree
 * @throws {FilterError}
 */
export function parseFilter(text) {
  return new Parser(text).filter();
}

function tokenize(text) {
  const tokens = [];
  const pattern = /\s+|(<=|>=|==|!=|[<>=(),])|([^\s<>=!(),]+)|(.)/gsu;
  for (const found of text.matchAll(pattern)) {
    const [whole, sign, word, other] = found;
    if (other) throw new FilterError(`"${other}" means nothing here`, found.index + 1);
    if (!sign && !word) continue;
    tokens.push({
      text: whole.toLowerCase(), at: found.index, end: found.index + whole.length, isWord: Boolean(word),
    });
  }
  const end = text.trimEnd().length;
  tokens.push({ text: '', at: end, end, isWord: false });
  return tokens;
}

class Parser {
  constructor(text) {
    if (text.length > MAX_LENGTH) {
      throw new FilterError(`a filter has ${MAX_LENGTH} characters at most`, MAX_LENGTH + 1);
    }
    this.text = text;
    this.tokens = tokenize(text);
    this.position = 0;
    this.depth = 0;
  }

  get next() {
    return this.tokens[this.position];
  }

  take() {
    this.position += 1;
    return this.tokens[this.position - 1];
  }

  takes(text) {
    const isNext = this.next.text === text;
    if (isNext) this.position += 1;
    return isNext;
  }

  expected(wanted, known = []) {
    const { next } = this;
    return this.fault(next, `expected ${wanted}${next.text ? `, not "${shown(next)}"` : ''}`, known);
  }

  fault(token, message, known = []) {
    return new FilterError(message + (token.isWord ? suggestion(token.text, known) : ''), token.at + 1);
  }

  /** A node with the text that it was read from, from a place on. */
  node(fields, at) {
    return { ...fields, source: this.text.slice(at, this.tokens[this.position - 1].end) };
  }

  filter() {
    const tree = this.expression();
    if (this.next.text) throw this.expected('"and", "or" or the end', ['and', 'or']);
    return tree;
  }

  expression() {
    return this.joined('or', () => this.joined('and', () => this.negation()));
  }

  joined(word, part) {
    const { at } = this.next;
    const terms = [part()];
    while (this.takes(word)) terms.push(part());
    return terms.length === 1 ? terms[0] : this.node({ kind: word, terms }, at);
  }

  negation() {
    const { next } = this;
    if (next.text !== 'not' && next.text !== '(') return this.comparison();
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw this.fault(next, `nested more than ${MAX_DEPTH} deep`);
    const isNot = this.take().text === 'not';
    const inner = isNot ? this.negation() : this.expression();
    if (!isNot && !this.takes(')')) throw this.expected('")", "and" or "or"', ['and', 'or']);
    this.depth -= 1;
    return this.node(isNot ? { kind: 'not', term: inner } : inner, next.at);
  }

  comparison() {
    const { next } = this;
    if (!next.isWord || KEYWORDS.includes(next.text)) throw this.expected('a field, "not" or "("');
    if (!Object.hasOwn(FIELDS, next.text)) {
      throw this.fault(next, `there is no field "${shown(next)}"`, Object.keys(FIELDS));
    }
    return this.node(this.condition(this.take().text), next.at);
  }

  condition(name) {
    const field = FIELDS[name];
    if (this.takes('is')) return this.unknown(name);
    if (field.kind === 'set') return this.has(name, field);
    if (this.takes('not')) {
      if (this.next.text !== 'in') throw this.expected('"in"');
      return this.among(name, field, true);
    }
    if (this.next.text === 'in') return this.among(name, field, false);
    if (!Object.hasOwn(SIGNS, this.next.text)) {
      throw this.expected('one of = != < <= > >=, "in" or "is"', ['in', 'is', 'not']);
    }
    return this.compared(name, field, this.take());
  }

  unknown(name) {
    const not = this.takes('not');
    if (!this.takes('unknown')) throw this.expected(not ? '"unknown"' : '"unknown" or "not unknown"');
    return { kind: 'unknown', field: name, not };
  }

  has(name, field) {
    if (!this.takes('has')) throw this.expected(`"has", as in "${name} has ${field.words[0]}", or "is"`, ['has']);
    const words = [...field.words, ...Object.keys(field.groups)];
    if (!words.includes(this.next.text)) throw this.noWord(name, 'a word', words);
    return { kind: 'has', field: name, word: this.take().text };
  }

  among(name, field, not) {
    this.take();
    if (!this.takes('(')) throw this.expected('"("');
    const values = [this.value(name, field)];
    while (this.takes(',')) values.push(this.value(name, field));
    if (!this.takes(')')) throw this.expected('"," or ")"');
    return { kind: 'in', field: name, not, values };
  }

  compared(name, field, sign) {
    const op = SIGNS[sign.text];
    const isNamed = field.kind === 'direction' && Object.hasOwn(DIRECTIONS, this.next.text);
    if (isNamed && op !== '=' && op !== '!=') {
      throw this.fault(sign, 'a direction in words is compared by = or !=');
    }
    return { kind: 'compare', field: name, op, value: this.value(name, field) };
  }

  value(name, field) {
    const { next } = this;
    const words = field.kind === 'direction' ? Object.keys(DIRECTIONS) : field.words ?? [];
    if (words.includes(next.text)) return this.take().text;
    const value = next.isWord && READERS[field.kind] ? READERS[field.kind](next.text) : null;
    if (value === null) throw this.noWord(name, WANTED[field.kind] ?? 'a word', words);
    this.take();
    return value;
  }

  noWord(name, wanted, words) {
    const { next } = this;
    const known = words.length ? `: ${words.join(', ')}` : '';
    if (!next.isWord || KEYWORDS.includes(next.text)) return this.expected(`${wanted} for "${name}"${known}`);
    return this.fault(next, `"${shown(next)}" is not ${wanted} for "${name}"${known}`, words);
  }
}

function shown(token) {
  return token.text.length <= 24 ? token.text : `${token.text.slice(0, 23)}…`;
}

const SIGNS = { '=': '=', '==': '=', '!=': '!=', '<': '<', '<=': '<=', '>': '>', '>=': '>=' };
const WANTED = {
  number: 'a number', direction: 'degrees or a direction', duration: 'a duration, such as 2s or 1m30s,',
};
const READERS = {
  number: readNumber,
  direction: (text) => (text.endsWith('%') ? null : readNumber(text)),
  duration: readDuration,
};

function readNumber(text) {
  const found = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(%?)$/.exec(text);
  if (!found) return null;
  return found[1] ? Number(text.slice(0, -1)) / 100 : Number(text);
}

/** A duration in whole microseconds. */
function readDuration(text) {
  const plain = text.endsWith('%') ? null : readNumber(text);
  if (plain !== null) return Math.round(plain * MICROSECONDS);
  const part = '(\\d+(?:\\.\\d+)?)';
  const found = new RegExp(`^(?=.)(?:${part}h)?(?:${part}m(?!s))?(?:${part}s)?(?:${part}ms)?$`).exec(text);
  if (!found) return null;
  const seconds = UNIT_SECONDS.reduce((sum, unit, i) => sum + Number(found[i + 1] ?? 0) * unit, 0);
  return Math.round(seconds * MICROSECONDS);
}

function suggestion(word, words) {
  let best = null;
  let least = Math.floor(word.length / 2) + 1;
  for (const each of words) {
    const distance = editDistance(word, each);
    if (distance < least) [best, least] = [each, distance];
  }
  return best ? `; did you mean "${best}"?` : '';
}

function editDistance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const before = row;
    row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = before[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(changed, before[j] + 1, row[j - 1] + 1));
    }
  }
  return row[b.length];
}
