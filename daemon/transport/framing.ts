import { isUtf8 } from 'node:buffer';
import { LIMITS, parseJson } from '@locara/protocol';
import { cutSecrets } from './cut-secrets.ts';
import { scanJson, type ScanVerdict } from './json-scan.ts';

/** `too-long`: a line passed its cap. `http`: the stream starts as a browser or a web client would. */
export type FramingViolation = 'too-long' | 'http';

export interface LineDecoderOptions {
  /** Asked for every line, as the cap rises with authentication; the line ending does not count. */
  readonly maxBytes: () => number;
  /** Each part of a line as it comes, the last one with its line ending still to be taken off. */
  readonly onPiece?: (piece: Buffer) => void;
  /** The bytes of one line without its ending; they are the listener's to keep, and to overwrite. */
  readonly onLine: (line: Buffer) => void;
  /** Said once; the decoder is stopped then. */
  readonly onViolation: (kind: FramingViolation) => void;
}

export interface LineDecoder {
  write(chunk: Buffer): void;
  /** Drops what is pending and ignores everything after, also lines of the chunk being decoded. */
  stop(): void;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Splits a byte stream into lines ended by `\n` (or `\r\n`).
 * It never holds more than twice the cap, and copies each byte a constant number of times.
 */
export function createLineDecoder(options: LineDecoderOptions): LineDecoder {
  const pending = createPending();
  const http = createHttpWatch();
  const state = { isStopped: false };

  const stop = (): void => {
    state.isStopped = true;
    pending.erase();
  };
  const violate = (kind: FramingViolation): void => {
    stop();
    options.onViolation(kind);
  };
  /** Whether the line still fits with this piece, which may be its last. */
  const fits = (piece: Buffer): boolean => {
    const bytes = pending.length + piece.length;
    const lastByte = piece.length > 0 ? piece[piece.length - 1] : pending.lastByte;
    return bytes - (lastByte === CARRIAGE_RETURN ? 1 : 0) <= options.maxBytes();
  };
  /** Takes what belongs to the current line and returns where the next one starts, or -1. */
  const takeLine = (chunk: Buffer, start: number): number => {
    const end = chunk.indexOf(LINE_FEED, start);
    const piece = chunk.subarray(start, end === -1 ? chunk.length : end);
    if (!fits(piece)) {
      violate('too-long');
      return -1;
    }
    options.onPiece?.(piece);
    if (end === -1) pending.append(piece);
    else {
      options.onLine(withoutReturn(pending.length === 0 ? piece : pending.take(piece)));
      return end + 1;
    }
    return -1;
  };

  return {
    stop,
    write(chunk) {
      if (!state.isStopped && http.matches(chunk)) violate('http');
      let start = 0;
      while (!state.isStopped && start !== -1) start = takeLine(chunk, start);
    },
  };
}

/** True when a stream's first bytes are an HTTP request line or the HTTP/2 preface. No JSON starts so. */
export function looksLikeHttp(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HTTP_HEAD_BYTES));
  return /^[A-Z]{3,15} /.test(head.toString('latin1'));
}

const HTTP_HEAD_BYTES = 16;

export type ParsedLine =
  { readonly message: unknown } | { readonly error: 'ParseError' | 'PayloadTooLarge' };

/** The depth and value limits of the contract. */
export const MESSAGE_LIMITS = {
  maxDepth: LIMITS.maxMessageDepth,
  maxValues: LIMITS.maxMessageValues,
};

/**
 * One line as JSON in strict UTF-8, unless the scan of it finds, or has found, it beyond the limits. A passphrase
 * in it becomes bytes, and is overwritten in the line; of a message that is refused, nothing is left in the line.
 */
export function parseMessage(
  line: Buffer,
  verdict: ScanVerdict = scanJson(line, MESSAGE_LIMITS),
): ParsedLine {
  const refusal = verdict === 'ok' ? undefined : verdict;
  const message = refusal === undefined && isUtf8(line) ? parseLine(line) : undefined;
  if (message !== undefined) return message;
  line.fill(0);
  return { error: refusal === 'too-many' ? 'PayloadTooLarge' : 'ParseError' };
}

/** Undefined for what is no JSON, or says a passphrase twice. */
function parseLine(line: Buffer): { readonly message: unknown } | undefined {
  const secrets = cutSecrets(line);
  try {
    const message = parseJson(line.toString('utf8'));
    return secrets?.restore(message) === false ? undefined : { message };
  } catch {
    secrets?.erase();
    return undefined;
  }
}

function withoutReturn(line: Buffer): Buffer {
  return line[line.length - 1] === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

interface Pending {
  readonly length: number;
  readonly lastByte: number | undefined;
  /** Takes the piece over: it is overwritten where it was, as it may be part of a secret. */
  append(piece: Buffer): void;
  erase(): void;
  /** Everything so far and `last`, handed over: the next line starts in fresh memory. */
  take(last?: Buffer): Buffer;
}

/** The unfinished line in memory that doubles as it grows. */
function createPending(): Pending {
  let bytes = Buffer.alloc(0);
  let length = 0;
  const append = (piece: Buffer): void => {
    if (length + piece.length > bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length + piece.length, 2 * length, 256));
      bytes.copy(grown, 0, 0, length);
      bytes.fill(0, 0, length);
      bytes = grown;
    }
    piece.copy(bytes, length);
    length += piece.length;
    erase(piece);
  };
  return {
    get length() {
      return length;
    },
    get lastByte() {
      return length === 0 ? undefined : bytes[length - 1];
    },
    append,
    erase: () => {
      bytes.fill(0, 0, length);
      bytes = Buffer.alloc(0);
      length = 0;
    },
    take: (last) => {
      if (last !== undefined) append(last);
      const line = bytes.subarray(0, length);
      bytes = Buffer.alloc(0);
      length = 0;
      return line;
    },
  };
}

/** For a few bytes a call of native code would take longer. */
function erase(bytes: Buffer): void {
  if (bytes.length > 32) bytes.fill(0);
  else for (let index = 0; index < bytes.length; index += 1) bytes[index] = 0;
}

/** Looks at the first bytes of a stream, however they are cut. */
function createHttpWatch(): { matches(chunk: Buffer): boolean } {
  let head = Buffer.alloc(0);
  return {
    matches(chunk) {
      if (head.length >= HTTP_HEAD_BYTES) return false;
      head = Buffer.concat([head, chunk.subarray(0, HTTP_HEAD_BYTES - head.length)]);
      return looksLikeHttp(head);
    },
  };
}
