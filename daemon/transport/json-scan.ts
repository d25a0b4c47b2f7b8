/** What a message may hold at most. */
export interface ScanLimits {
  /** Arrays and objects inside each other; a bare scalar has depth 0. */
  readonly maxDepth: number;
  /** Every scalar, array and object counts; keys do not. */
  readonly maxValues: number;
}

export type ScanVerdict = 'ok' | 'too-deep' | 'too-many';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

/** The scan of a text that comes in pieces, as it comes: it may be cut anywhere. */
export interface JsonScan {
  write(bytes: Uint8Array): void;
  readonly verdict: ScanVerdict;
}

/**
 * Counts nesting and values of a JSON text in one pass, so that a hostile one is refused before
 * anything is built from it. It does not validate: what is no JSON may be `ok` here.
 */
export function scanJson(bytes: Uint8Array, limits: ScanLimits): ScanVerdict {
  const scan = createJsonScan(limits);
  scan.write(bytes);
  return scan.verdict;
}

export function createJsonScan(limits: ScanLimits): JsonScan {
  return new PiecewiseScan(limits);
}

class PiecewiseScan implements JsonScan {
  readonly #limits: ScanLimits;
  verdict: ScanVerdict = 'ok';
  #depth = 0;
  #values = 0;
  #wasString = false;
  #isInScalar = false;
  /** How many bytes of the next piece belong to the string for certain: 1 after a backslash; undefined outside. */
  #inString: number | undefined;

  constructor(limits: ScanLimits) {
    this.#limits = limits;
  }

  write(bytes: Uint8Array): void {
    if (this.verdict !== 'ok' || bytes.length === 0) return;
    let start = 0;
    if (this.#inString !== undefined) {
      const end = findStringEnd(bytes, this.#inString);
      this.#inString = whatIsLeft(bytes, end);
      if (this.#inString !== undefined) return;
      start = end + 1;
    }
    this.#scan(bytes, start);
  }

  #scan(bytes: Uint8Array, start: number): void {
    const { maxDepth, maxValues } = this.#limits;
    let depth = this.#depth;
    let values = this.#values;
    let wasString = this.#wasString;
    let isInScalar = this.#isInScalar;
    for (let index = start; index < bytes.length; index++) {
      const byte = bytes[index] ?? 0;
      if (byte <= SPACE) {
        isInScalar = false;
        continue;
      }
      const isScalarByte = !isStructural(byte);
      if (isScalarByte && isInScalar) continue;
      isInScalar = isScalarByte;
      switch (byte) {
        case CLOSE_ARRAY:
        case CLOSE_OBJECT:
          depth--;
          break;
        case COMMA:
          break;
        case COLON:
          // The string before it was a key. A colon elsewhere stops the parser before any later value.
          if (wasString) values--;
          break;
        case OPEN_ARRAY:
        case OPEN_OBJECT:
          if (++depth > maxDepth) {
            this.verdict = 'too-deep';
            return;
          }
          values++;
          break;
        case QUOTE:
          index = findStringEnd(bytes, index + 1);
          this.#inString = whatIsLeft(bytes, index);
          values++;
          break;
        default:
          values++;
      }
      // A key too many is a value too many: one follows it.
      if (values > maxValues) {
        this.verdict = 'too-many';
        return;
      }
      wasString = byte === QUOTE;
    }
    this.#depth = depth;
    this.#values = values;
    this.#wasString = wasString;
    this.#isInScalar = isInScalar;
  }
}

/** Of a string whose end was looked for: undefined where it was found, else what the next piece begins with. */
function whatIsLeft(bytes: Uint8Array, end: number): number | undefined {
  return end < bytes.length ? undefined : end - bytes.length;
}

function isStructural(byte: number): boolean {
  switch (byte) {
    case QUOTE:
    case COMMA:
    case COLON:
    case OPEN_ARRAY:
    case CLOSE_ARRAY:
    case OPEN_OBJECT:
    case CLOSE_OBJECT:
      return true;
    default:
      return false;
  }
}

/** Index of the closing quote; the length where it is not among these bytes, one more after a last backslash. */
export function findStringEnd(bytes: Uint8Array, start: number): number {
  // The native search makes long plain strings, base64 above all, nearly free.
  const first = bytes.indexOf(QUOTE, start);
  if (first !== -1 && bytes[first - 1] !== BACKSLASH) return first;
  if (first === -1 && !bytes.includes(BACKSLASH, start)) return Math.max(start, bytes.length);
  let index = start;
  while (index < bytes.length && bytes[index] !== QUOTE)
    index += bytes[index] === BACKSLASH ? 2 : 1;
  return index;
}
