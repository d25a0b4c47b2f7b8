import { ClientError } from './errors.ts';

const NEWLINE = 0x0a;

/** Cuts a byte stream into lines. A line over `maxBytes` or that is not UTF-8 throws `InvalidResponse`. */
export class LineReader {
  maxBytes: number;
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number, onLine: (line: string) => void) {
    this.maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  /** Looks at new bytes only, so a long line costs linear time however it is cut. */
  push(bytes: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start);
      if (end === -1) break;
      this.#append(bytes.subarray(start, end));
      this.#flush();
      start = end + 1;
    }
    this.#append(bytes.subarray(start));
  }

  #append(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#bytes += part.length;
    if (this.#bytes > this.maxBytes) {
      throw new ClientError(
        'InvalidResponse',
        `The daemon sent a line of more than ${this.maxBytes} bytes.`,
      );
    }
    this.#parts.push(part);
  }

  #flush(): void {
    const line = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    if (line !== undefined && line.length > 0) this.#onLine(this.#decode(line));
  }

  #decode(line: Uint8Array): string {
    try {
      return this.#decoder.decode(line);
    } catch (cause) {
      throw new ClientError('InvalidResponse', 'The daemon sent bytes that are not UTF-8.', cause);
    }
  }
}
