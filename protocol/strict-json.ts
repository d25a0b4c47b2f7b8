/** Limits of the documents that people sign: small, and shallow enough to review. */
export const STRICT_JSON_LIMITS = { maxBytes: 256 * 1024, maxDepth: 32 } as const;

export type StrictJsonRule =
  | `at most ${number} bytes`
  | 'no byte order mark'
  | 'valid UTF-8'
  | 'valid JSON'
  | 'nothing after the value'
  | 'each key once'
  | 'no key named __proto__'
  | 'at most 32 levels'
  | 'a finite number'
  | 'no lone surrogates';

/** Where a document breaks which rule; never its values. `path` is as `a.b[0]`, empty at the root. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
  readonly path: string;
  readonly rule: StrictJsonRule;

  constructor(path: string, rule: StrictJsonRule) {
    super(path === '' ? `the document must be: ${rule}` : `${path} must be: ${rule}`);
    this.path = path;
    this.rule = rule;
  }
}

/** Present in every JavaScript runtime; this package compiles without any runtime's typings. */
declare const TextDecoder: new (
  encoding: 'utf-8',
  options: { readonly fatal: true; readonly ignoreBOM: true },
) => { decode(bytes: Uint8Array): string };

const MAX_PATH_LENGTH = 200;

// Keys are a stranger's words too: none of them may move the cursor or turn the text around.
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** The path of a value inside a document, as `capabilities.tools[0]`, safe to print; long ones are cut. */
export function renderPath(path: readonly PropertyKey[]): string {
  const rendered = path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '')
    .replace(UNPRINTABLE, '\ufffd');
  return rendered.length <= MAX_PATH_LENGTH ? rendered : `${rendered.slice(0, MAX_PATH_LENGTH)}…`;
}

/**
 * Parses JSON that two readers can only understand in one way: UTF-8 without a byte order mark, every
 * key once, nothing behind the value. Objects have no prototype. Throws StrictJsonError.
 */
export function parseStrictJson(
  bytes: Uint8Array,
  { maxBytes = STRICT_JSON_LIMITS.maxBytes }: { readonly maxBytes?: number } = {},
): unknown {
  if (bytes.length > maxBytes) throw new StrictJsonError('', `at most ${maxBytes} bytes`);
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw new StrictJsonError('', 'no byte order mark');
  }
  return new StrictParser(decodeUtf8(bytes)).parseDocument();
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new StrictJsonError('', 'valid UTF-8');
  }
}

// Sticky, and linear: no alternative can match what another one also matches.
const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;

class StrictParser {
  readonly #text: string;
  readonly #path: (string | number)[] = [];
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parseDocument(): unknown {
    const value = this.#parseValue(1);
    if (this.#offset < this.#text.length) throw this.#broken('nothing after the value');
    return value;
  }

  #parseValue(depth: number): unknown {
    this.#skipSpace();
    const value = this.#parseToken(depth);
    this.#skipSpace();
    return value;
  }

  #parseToken(depth: number): unknown {
    switch (this.#text.charAt(this.#offset)) {
      case '{':
        return this.#parseObject(depth);
      case '[':
        return this.#parseArray(depth);
      case '"':
        return this.#parseString();
      case 't':
      case 'f':
      case 'n':
        return JSON.parse(this.#match(WORD)) as unknown;
      default:
        return this.#parseNumber();
    }
  }

  #parseObject(depth: number): Record<string, unknown> {
    this.#enter(depth);
    const object = Object.create(null) as Record<string, unknown>;
    if (this.#skipIf('}')) return object;
    do {
      this.#skipSpace();
      const key = this.#parseString();
      this.#path.push(key);
      // Schemas of maps skip this key in silence: what was signed would not be what was checked.
      if (key === '__proto__') throw this.#broken('no key named __proto__');
      if (Object.hasOwn(object, key)) throw this.#broken('each key once');
      this.#skipSpace();
      if (!this.#skipIf(':')) throw this.#broken('valid JSON');
      object[key] = this.#parseValue(depth + 1);
      this.#path.pop();
    } while (this.#skipIf(','));
    if (!this.#skipIf('}')) throw this.#broken('valid JSON');
    return object;
  }

  #parseArray(depth: number): unknown[] {
    this.#enter(depth);
    const array: unknown[] = [];
    if (this.#skipIf(']')) return array;
    do {
      this.#path.push(array.length);
      array.push(this.#parseValue(depth + 1));
      this.#path.pop();
    } while (this.#skipIf(','));
    if (!this.#skipIf(']')) throw this.#broken('valid JSON');
    return array;
  }

  #parseString(): string {
    const value = JSON.parse(this.#match(STRING)) as string;
    if (!value.isWellFormed()) throw this.#broken('no lone surrogates');
    return value;
  }

  #parseNumber(): number {
    const value = Number(this.#match(NUMBER));
    if (!Number.isFinite(value)) throw this.#broken('a finite number');
    return value;
  }

  #enter(depth: number): void {
    if (depth > STRICT_JSON_LIMITS.maxDepth) throw this.#broken('at most 32 levels');
    this.#offset += 1;
    this.#skipSpace();
  }

  #skipSpace(): void {
    this.#match(SPACE);
  }

  #skipIf(character: string): boolean {
    if (this.#text[this.#offset] !== character) return false;
    this.#offset += 1;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#offset;
    const match = pattern.exec(this.#text)?.[0];
    if (match === undefined) throw this.#broken('valid JSON');
    this.#offset += match.length;
    return match;
  }

  #broken(rule: StrictJsonRule): StrictJsonError {
    return new StrictJsonError(renderPath(this.#path), rule);
  }
}
