/**
 * The filter language of `--where`, as docs/formats/filter.md describes it: text to a syntax tree,
 * and a tree to a question that is asked of segments of motion.json.
 *
 * What is unknown (null) follows Kleene's logic: only what is certainly true matches.
 */

const LEVELS = ['static', 'low', 'medium', 'high', 'extreme'];
const STEADINESS = ['locked', 'smooth', 'handheld', 'shaky'];
const CAMERA = [
  'static', 'pan_left', 'pan_right', 'tilt_up', 'tilt_down', 'zoom_in', 'zoom_out',
  'roll_cw', 'roll_ccw', 'handheld',
];
const CAMERA_GROUPS = {
  pan: ['pan_left', 'pan_right'],
  tilt: ['tilt_up', 'tilt_down'],
  zoom: ['zoom_in', 'zoom_out'],
  roll: ['roll_cw', 'roll_ccw'],
};
const FLAGS = [
  'low_texture', 'low_light', 'photometric_change', 'flash', 'black', 'blank', 'low_coverage',
  'no_pairs', 'single_frame', 'frozen', 'dropped_frames', 'corrupt_frames', 'truncated',
  'not_analyzed', 'fade_in', 'fade_out',
];
const DIRECTIONS = { right: 0, up: 90, left: 180, down: 270 };
const WITHIN_DEGREES = 45;
const KEYWORDS = ['and', 'or', 'not', 'has', 'is', 'in', 'unknown'];
const UNIT_SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600 };

const number = (read) => ({ kind: 'number', read });
const duration = (read) => ({ kind: 'duration', read });
const ordered = (words, read) => ({ kind: 'ordered', words, read });

/** What can be asked of a segment: the kind of each field, and how it is read. */
export const FIELDS = {
  level: ordered(LEVELS, (s) => s.motion.level),
  subject: ordered(LEVELS, (s) => s.subject.level),
  steadiness: ordered(STEADINESS, (s) => s.camera.steadiness),
  camera: { kind: 'set', words: CAMERA, groups: CAMERA_GROUPS, read: (s) => s.camera.labels },
  flags: { kind: 'set', words: FLAGS, groups: {}, read: (s) => s.flags },
  direction: { kind: 'direction', read: (s) => s.motion.direction },
  activity: number((s) => s.motion.activity),
  speed: number((s) => s.motion.speed),
  peak: number((s) => s.peak && s.peak.speed),
  area: number((s) => s.motion.moving_area),
  pan: number((s) => s.camera.pan),
  tilt: number((s) => s.camera.tilt),
  zoom: number((s) => s.camera.zoom),
  roll: number((s) => s.camera.roll),
  shake: number((s) => s.camera.shake),
  subject_speed: number((s) => s.subject.speed),
  subject_area: number((s) => s.subject.area),
  confidence: number((s) => s.confidence.mean),
  coverage: number((s) => s.confidence.coverage),
  camera_confidence: number((s) => s.camera.confidence),
  length: duration((s) => s.end.seconds - s.start.seconds),
  start: duration((s) => s.start.seconds),
  end: duration((s) => s.end.seconds),
  index: number((s) => s.index),
  shot: number((s) => s.shot),
};

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
 * @returns {object|null} its syntax tree; null for a text without words, which matches everything
 * @throws {FilterError}
 */
export function parseFilter(text) {
  const tokens = tokenize(text);
  if (tokens.length === 1) return null;
  const parser = new Parser(text, tokens);
  const tree = parser.expression();
  parser.expectEnd();
  return tree;
}

/**
 * Makes a question of a tree.
 * @param {object|null} tree of `parseFilter`
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

function tokenize(text) {
  const tokens = [];
  const pattern = /\s+|([A-Za-z_][A-Za-z0-9_]*)|([+-]?(?:\d|\.\d)[\d.]*(?:[A-Za-z%][A-Za-z0-9.%]*)?)|(==|!=|<=|>=|[=<>])|([(),])/y;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const found = pattern.exec(text);
    if (!found) throw new FilterError(`"${text[at]}" means nothing here`, at + 1);
    const [whole, word, value, operator, mark] = found;
    const end = at + whole.length;
    if (word) tokens.push({ kind: 'word', text: word.toLowerCase(), at, end });
    else if (value) tokens.push({ kind: 'value', text: value.toLowerCase(), at, end });
    else if (operator) tokens.push({ kind: 'operator', text: operator, at, end });
    else if (mark) tokens.push({ kind: mark, text: mark, at, end });
  }
  tokens.push({ kind: 'end', text: '', at: text.length, end: text.length });
  return tokens;
}

class Parser {
  constructor(text, tokens) {
    this.text = text;
    this.tokens = tokens;
    this.position = 0;
  }

  get next() {
    return this.tokens[this.position];
  }

  take() {
    return this.tokens[this.position++];
  }

  takes(word) {
    if (this.next.kind !== 'word' || this.next.text !== word) return false;
    this.position += 1;
    return true;
  }

  takeMark(mark, wanted) {
    if (this.next.kind !== mark) throw this.unexpected(wanted);
    return this.take();
  }

  unexpected(wanted) {
    const { next } = this;
    const found = next.kind === 'end' ? 'the end' : `"${this.text.slice(next.at, next.end)}"`;
    return new FilterError(`expected ${wanted}, found ${found}`, next.at + 1);
  }

  expectEnd() {
    if (this.next.kind !== 'end') throw this.unexpected('"and", "or" or the end');
  }

  expression() {
    return this.joined('or', () => this.joined('and', () => this.negation()));
  }

  joined(word, part) {
    const at = this.next.at;
    const terms = [part()];
    while (this.takes(word)) terms.push(part());
    return terms.length === 1 ? terms[0] : this.node({ kind: word, terms }, at);
  }

  node(fields, at) {
    return { ...fields, source: this.text.slice(at, this.tokens[this.position - 1].end) };
  }

  negation() {
    const at = this.next.at;
    if (this.takes('not')) return this.node({ kind: 'not', term: this.negation() }, at);
    if (this.next.kind !== '(') return this.comparison();
    this.take();
    const inner = this.expression();
    this.takeMark(')', '")"');
    return { ...inner, source: this.text.slice(at, this.tokens[this.position - 1].end) };
  }

  comparison() {
    const at = this.next.at;
    const name = this.field();
    const field = FIELDS[name];
    if (this.takes('has')) return this.node(this.has(name, field), at);
    if (this.takes('is')) return this.node(this.isUnknown(name), at);
    const not = this.takes('not');
    if (this.takes('in')) return this.node(this.among(name, field, not), at);
    if (not) throw this.unexpected('"in"');
    if (this.next.kind !== 'operator') throw this.unexpected(expectedAfter(field));
    return this.node(this.compared(name, field), at);
  }

  field() {
    const { next } = this;
    if (next.kind !== 'word' || KEYWORDS.includes(next.text)) throw this.unexpected('a field');
    if (!Object.hasOwn(FIELDS, next.text)) {
      throw new FilterError(
        `there is no field "${next.text}"${suggestion(next.text, Object.keys(FIELDS))}`,
        next.at + 1,
      );
    }
    return this.take().text;
  }

  has(name, field) {
    if (field.kind !== 'set') {
      throw new FilterError(
        `"has" asks of camera and flags; ${name} is compared, with = or >=`,
        this.tokens[this.position - 1].at + 1,
      );
    }
    const word = this.word([...field.words, ...Object.keys(field.groups)]);
    return { kind: 'has', field: name, word };
  }

  isUnknown(name) {
    const not = this.takes('not');
    if (!this.takes('unknown')) throw this.unexpected(not ? '"unknown"' : '"unknown" or "not"');
    return { kind: 'unknown', field: name, not };
  }

  among(name, field, not) {
    if (field.kind === 'set') {
      throw new FilterError(
        `${name} is a set: ask with "has"`, this.tokens[this.position - 1].at + 1,
      );
    }
    this.takeMark('(', '"("');
    const values = [this.value(field)];
    while (this.next.kind === ',') {
      this.take();
      values.push(this.value(field));
    }
    this.takeMark(')', '"," or ")"');
    return { kind: 'in', field: name, not, values };
  }

  compared(name, field) {
    const token = this.take();
    const op = token.text === '==' ? '=' : token.text;
    if (field.kind === 'set') {
      throw new FilterError(`${name} is a set: ask with "has"`, token.at + 1);
    }
    const isWord = field.kind === 'direction' && this.next.kind === 'word';
    if (isWord && op !== '=' && op !== '!=') {
      throw new FilterError('a direction by name is compared with = or !=', token.at + 1);
    }
    return { kind: 'compare', field: name, op, value: this.value(field) };
  }

  word(words) {
    const { next } = this;
    if (next.kind !== 'word') throw this.unexpected(oneOf(words));
    if (!words.includes(next.text)) {
      throw new FilterError(
        `expected ${oneOf(words)}, found "${next.text}"${suggestion(next.text, words)}`,
        next.at + 1,
      );
    }
    return this.take().text;
  }

  value(field) {
    if (field.kind === 'ordered') return this.word(field.words);
    if (field.kind === 'direction' && this.next.kind === 'word') {
      return this.word(Object.keys(DIRECTIONS));
    }
    const wanted = field.kind === 'duration' ? 'a duration such as 2s or 1m30s' : 'a number';
    if (this.next.kind !== 'value') throw this.unexpected(wanted);
    const read = field.kind === 'duration' ? readDuration : readNumber;
    const value = read(this.next.text);
    if (value === null) throw this.unexpected(wanted);
    this.take();
    return value;
  }
}

function expectedAfter(field) {
  return field.kind === 'set' ? '"has" or "is"' : 'a comparison, "in" or "is"';
}

function oneOf(words) {
  return words.length > 6 ? `one of ${words.join(', ')}` : words.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

function readNumber(text) {
  const found = /^([+-]?(?:\d+\.?\d*|\.\d+))(%?)$/.exec(text);
  if (!found) return null;
  return found[2] ? Number(found[1]) / 100 : Number(found[1]);
}

function readDuration(text) {
  const plain = /^[+-]?(?:\d+\.?\d*|\.\d+)$/.exec(text);
  if (plain) return Number(text);
  if (!/^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ms|s|m|h))+$/.test(text)) return null;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ms|s|m|h)/g)) {
    seconds += Number(amount) * UNIT_SECONDS[unit];
  }
  return text.startsWith('-') ? -seconds : seconds;
}

function suggestion(word, words) {
  let best = null;
  let least = Math.max(2, Math.floor(word.length / 2)) + 1;
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
      return (segment) => (known(FIELDS[tree.field].read(segment)) === null) !== tree.not;
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

function comparing(field, op, value) {
  if (field.kind === 'direction' && typeof value === 'string') return towards(field, op, value);
  const compare = OPERATORS[op];
  if (field.kind === 'ordered') {
    const wanted = field.words.indexOf(value);
    return (segment) => {
      const rank = field.words.indexOf(known(field.read(segment)));
      return rank < 0 ? null : compare(rank, wanted);
    };
  }
  return (segment) => {
    const actual = known(field.read(segment));
    return actual === null ? null : compare(actual, value);
  };
}

function towards(field, op, word) {
  return (segment) => {
    const degrees = known(field.read(segment));
    if (degrees === null) return null;
    const apart = Math.abs((((degrees - DIRECTIONS[word]) % 360) + 540) % 360 - 180);
    return (apart <= WITHIN_DEGREES) === (op === '=');
  };
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
