import { createHttpWatch } from './http-watch.ts';
import { createPendingLine } from './pending-line.ts';

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
  /** Hands on no line until `release`: what is written, and the rest of the chunk being decoded, is kept. */
  hold(): void;
  release(): void;
  /** Drops what is pending and ignores everything after, also lines of the chunk being decoded. */
  stop(): void;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Splits a byte stream into lines ended by `\n` (or `\r\n`).
 * Unless it is held, it never has more than twice the cap, and copies each byte a constant number of times.
 */
export function createLineDecoder(options: LineDecoderOptions): LineDecoder {
  return new StreamDecoder(options);
}

class StreamDecoder implements LineDecoder {
  readonly #options: LineDecoderOptions;
  readonly #pending = createPendingLine();
  readonly #http = createHttpWatch();
  /** Written and not looked at yet. */
  readonly #unread: Buffer[] = [];
  #isHeld = false;
  #isStopped = false;

  constructor(options: LineDecoderOptions) {
    this.#options = options;
  }

  write(chunk: Buffer): void {
    if (!this.#isStopped && this.#http.matches(chunk)) this.#violate('http');
    if (this.#isStopped) return;
    this.#unread.push(chunk);
    this.#read();
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#read();
  }

  stop(): void {
    this.#isStopped = true;
    this.#pending.erase();
    for (const chunk of this.#unread.splice(0)) chunk.fill(0);
  }

  #violate(kind: FramingViolation): void {
    this.stop();
    this.#options.onViolation(kind);
  }

  #read(): void {
    let chunk: Buffer | undefined;
    while (!this.#isHeld && !this.#isStopped && (chunk = this.#unread.shift()) !== undefined) {
      // Kept where `stop` finds it, should the listener of a line call that.
      const end = chunk.indexOf(LINE_FEED);
      if (end !== -1 && end + 1 < chunk.length) this.#unread.unshift(chunk.subarray(end + 1));
      this.#take(end === -1 ? chunk : chunk.subarray(0, end), end !== -1);
    }
  }

  /** One piece of the current line, without the line feed. */
  #take(piece: Buffer, isLast: boolean): void {
    if (!this.#fits(piece)) {
      this.#violate('too-long');
      return;
    }
    this.#options.onPiece?.(piece);
    if (isLast) {
      const line = this.#pending.length === 0 ? piece : this.#pending.take(piece);
      this.#options.onLine(withoutReturn(line));
    } else this.#pending.append(piece);
  }

  /** Whether the line still fits with this piece, which may be its last. */
  #fits(piece: Buffer): boolean {
    const bytes = this.#pending.length + piece.length;
    const lastByte = piece.length > 0 ? piece[piece.length - 1] : this.#pending.lastByte;
    return bytes - (lastByte === CARRIAGE_RETURN ? 1 : 0) <= this.#options.maxBytes();
  }
}

function withoutReturn(line: Buffer): Buffer {
  return line[line.length - 1] === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
