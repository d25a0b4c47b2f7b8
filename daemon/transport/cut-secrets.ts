import { allocateSecret, SECRET_PARAMS } from '../secrets/secret-bytes.ts';
import { findStringEnd } from './json-scan.ts';

/** The secrets of one message, taken out of its bytes. */
export interface CutSecrets {
  /** Puts them where they were cut. False, and they are erased, where the message says one of them twice. */
  restore(message: unknown): boolean;
  erase(): void;
}

/** A string of `params`, between its quotes. */
interface Place {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

interface Secret extends Place {
  readonly bytes: Buffer;
}

const NAMES: ReadonlySet<string> = new Set(SECRET_PARAMS);
/** How all their names end: most messages do not have it, and are looked at no further. */
const NAME_END = 'assphrase"';
const SPACE = 0x20;

/**
 * Takes the texts of `params.passphrase` and `params.newPassphrase` out of a line of JSON in UTF-8, as bytes, and
 * overwrites them there with as many spaces: no text is ever made of them, as nobody could erase that. What is no
 * JSON stays none, and a key that is spelt with escapes is left as it is. Undefined where there is nothing.
 */
export function cutSecrets(line: Buffer): CutSecrets | undefined {
  if (!line.includes(NAME_END)) return undefined;
  const secrets: Secret[] = [];
  for (const place of findPlaces(line)) {
    const bytes = unescapeString(line.subarray(place.start, place.end));
    if (bytes === undefined) continue;
    line.fill(SPACE, place.start, place.end);
    secrets.push({ ...place, bytes });
  }
  if (secrets.length === 0) return undefined;
  const erase = (): void => {
    for (const { bytes } of secrets) bytes.fill(0);
  };
  return {
    erase,
    restore: (message) => {
      if (restoreAll(secrets, message)) return true;
      erase();
      return false;
    },
  };
}

/** The spaces must still be there: a later key of the same name would have replaced them. */
function restoreAll(secrets: readonly Secret[], message: unknown): boolean {
  const params: unknown = readOwn(message, 'params');
  if (typeof params !== 'object' || params === null) return false;
  return (
    new Set(secrets.map(({ key }) => key)).size === secrets.length &&
    secrets.every(({ key, start, end, bytes }) => {
      if (readOwn(params, key) !== ' '.repeat(end - start)) return false;
      return Reflect.set(params, key, bytes);
    })
  );
}

function readOwn(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return Reflect.get(value, key);
}

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Reads strings as the parser will: as far as the line is JSON, what is found is a value of `params`. */
function findPlaces(line: Buffer): Place[] {
  const places: Place[] = [];
  let depth = 0;
  let isInParams = false;
  for (let index = 0; index < line.length; index += 1) {
    switch (line[index] ?? 0) {
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        depth += 1;
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        depth -= 1;
        if (depth < 2) isInParams = false;
        break;
      case QUOTE: {
        const start = index + 1;
        index = findStringEnd(line, start);
        const value = findValue(line, index + 1);
        if (value === undefined) break;
        const key = depth <= 2 ? line.toString('latin1', start, Math.min(index, start + 16)) : '';
        if (depth === 1) isInParams = key === 'params' && line[value] === OPEN_OBJECT;
        if (depth !== 2 || !isInParams || !NAMES.has(key) || line[value] !== QUOTE) break;
        index = findStringEnd(line, value + 1);
        places.push({ key, start: value + 1, end: Math.min(index, line.length) });
      }
    }
  }
  return places;
}

/** Where the value of the key begins that ended here; undefined when that was no key. */
function findValue(line: Buffer, end: number): number | undefined {
  const colon = skipSpace(line, end);
  return line[colon] === COLON ? skipSpace(line, colon + 1) : undefined;
}

function skipSpace(line: Buffer, start: number): number {
  let index = start;
  while (index < line.length && (line[index] ?? 0) <= SPACE) index += 1;
  return index;
}

const ESCAPES: ReadonlyMap<number, number> = new Map(
  Object.entries({
    '"': '"',
    '\\': '\\',
    '/': '/',
    b: '\b',
    f: '\f',
    n: '\n',
    r: '\r',
    t: '\t',
  }).map(([written, meant]) => [written.charCodeAt(0), meant.charCodeAt(0)]),
);
const UNICODE_ESCAPE = 0x75;

/** The UTF-8 that the inside of a JSON string stands for; undefined for what is no JSON or no Unicode. */
function unescapeString(written: Buffer): Buffer | undefined {
  const room = allocateSecret(written.length);
  let length = 0;
  for (let at = 0; at < written.length;) {
    const byte = written[at] ?? 0;
    if (byte !== BACKSLASH) {
      if (byte < SPACE) {
        room.fill(0);
        return undefined;
      }
      room[length++] = byte;
      at += 1;
      continue;
    }
    const escape = written[at + 1] ?? 0;
    const meant = ESCAPES.get(escape);
    if (meant !== undefined) {
      room[length++] = meant;
      at += 2;
      continue;
    }
    const codePoint = escape === UNICODE_ESCAPE ? readCodePoint(written, at) : undefined;
    if (codePoint === undefined) {
      room.fill(0);
      return undefined;
    }
    length += putCodePoint(room, length, codePoint);
    at += codePoint > 0xffff ? 12 : 6;
  }
  return room.subarray(0, length);
}

/** Of `\uXXXX`, or of the two that make one; undefined for half of one. */
function readCodePoint(written: Buffer, at: number): number | undefined {
  const unit = readUnit(written, at);
  if (unit === undefined || unit < 0xd800 || unit > 0xdfff) return unit;
  const low = readUnit(written, at + 6);
  if (unit > 0xdbff || low === undefined || low < 0xdc00 || low > 0xdfff) return undefined;
  return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

function readUnit(written: Buffer, at: number): number | undefined {
  if (written[at] !== BACKSLASH || written[at + 1] !== UNICODE_ESCAPE) return undefined;
  let unit = 0;
  for (let digit = at + 2; digit < at + 6; digit += 1) {
    const value = hexValue(written[digit] ?? 0);
    if (value === undefined) return undefined;
    unit = unit * 16 + value;
  }
  return unit;
}

function hexValue(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined;
}

/** Writes it as UTF-8, and answers how many bytes that were. */
function putCodePoint(room: Buffer, at: number, codePoint: number): number {
  if (codePoint < 0x80) {
    room[at] = codePoint;
    return 1;
  }
  const count = codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  let rest = codePoint;
  for (let last = at + count - 1; last > at; last -= 1) {
    room[last] = 0x80 | (rest & 0x3f);
    rest >>= 6;
  }
  room[at] = ((0xf00 >> count) & 0xff) | rest;
  return count;
}
