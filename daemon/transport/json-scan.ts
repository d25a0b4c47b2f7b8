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

/**
 * Counts nesting and values of a JSON text in one pass, so that a hostile one is refused before
 * anything is built from it. It does not validate: what is no JSON may be `ok` here.
 */
export function scanJson(bytes: Uint8Array, { maxDepth, maxValues }: ScanLimits): ScanVerdict {
  let depth = 0;
  let values = 0;
  let wasString = false;
  let isInScalar = false;
  for (let index = 0; index < bytes.length; index++) {
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
        if (++depth > maxDepth) return 'too-deep';
        values++;
        break;
      case QUOTE:
        index = findStringEnd(bytes, index + 1);
        values++;
        break;
      default:
        values++;
    }
    // A key too many is a value too many: one follows it.
    if (values > maxValues) return 'too-many';
    wasString = byte === QUOTE;
  }
  return 'ok';
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

/** Index of the closing quote, or the end. */
function findStringEnd(bytes: Uint8Array, start: number): number {
  // The native search makes long plain strings, base64 above all, nearly free.
  const first = bytes.indexOf(QUOTE, start);
  if (first !== -1 && bytes[first - 1] !== BACKSLASH) return first;
  let index = start;
  while (index < bytes.length && bytes[index] !== QUOTE)
    index += bytes[index] === BACKSLASH ? 2 : 1;
  return index;
}
