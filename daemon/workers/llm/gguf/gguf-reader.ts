import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Thrown when the file ends, or a count is impossible, before the value does. */
export class GgufFormatError extends Error {
  override readonly name = 'GgufFormatError';
  readonly rule: string;

  constructor(rule: string) {
    super(rule);
    this.rule = rule;
  }
}

export function failFormat(rule: string): never {
  throw new GgufFormatError(rule);
}

/** A metadata value; arrays of strings and long arrays are reduced to their length. */
export type GgufValue =
  number | boolean | string | { readonly length: number; readonly numbers: readonly number[] };

const WINDOW_BYTES = 1 << 20;
const MAX_STRING_BYTES = 1 << 24;
const KEPT_NUMBERS = 4096;
/** Items of all lists of a header: vocabularies have some hundred thousand, and each is looked at in turn. */
const MAX_ITEMS = 1 << 23;

const TYPE_STRING = 8;
const TYPE_ARRAY = 9;
/** Bytes of each fixed-size value type, by its number. */
const FIXED_BYTES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};

/** Reads the header of a GGUF file forward, never past its end and never more than a window at once. */
export class GgufReader {
  readonly fileBytes: number;
  readonly #file: number;
  #window = Buffer.alloc(0);
  #windowAt = 0;
  #at = 0;
  #items = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    this.fileBytes = fstatSync(this.#file).size;
  }

  get offset(): number {
    return this.#at;
  }

  close(): void {
    closeSync(this.#file);
  }

  u32(): number {
    return this.#take(4).readUInt32LE();
  }

  /** A 64-bit count; one that no real file has is a format error. */
  count(): number {
    const value = this.#take(8).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) failFormat('gguf_count');
    return Number(value);
  }

  bytes(length: number): Buffer {
    return this.#take(length);
  }

  string(): string {
    const length = this.count();
    if (length > MAX_STRING_BYTES) failFormat('gguf_count');
    return this.#take(length).toString('utf8');
  }

  value(): GgufValue {
    const type = this.u32();
    if (type === TYPE_STRING) return this.string();
    return type === TYPE_ARRAY ? this.#array() : this.#fixed(type);
  }

  #array(): GgufValue {
    const type = this.u32();
    const length = this.count();
    const itemBytes = type === TYPE_STRING ? 8 : FIXED_BYTES[type];
    if (itemBytes === undefined) failFormat('gguf_type');
    if (length * itemBytes > this.fileBytes - this.#at) failFormat('gguf_truncated');
    this.#items += length;
    if (this.#items > MAX_ITEMS) failFormat('gguf_count');
    const numbers: number[] = [];
    if (type === TYPE_STRING) {
      for (let index = 0; index < length; index++) this.#skip(this.count());
    } else {
      while (numbers.length < Math.min(length, KEPT_NUMBERS)) {
        numbers.push(Number(this.#fixed(type)));
      }
      this.#skip((length - numbers.length) * itemBytes);
    }
    return { length, numbers };
  }

  #fixed(type: number): number | boolean {
    const bytes = FIXED_BYTES[type];
    if (bytes === undefined) failFormat('gguf_type');
    const raw = this.#take(bytes);
    if (type === 6) return raw.readFloatLE();
    if (type === 7) return raw[0] !== 0;
    if (type === 12) return raw.readDoubleLE();
    if (type === 10) return Number(raw.readBigUInt64LE());
    if (type === 11) return Number(raw.readBigInt64LE());
    return type % 2 === 1 ? raw.readIntLE(0, bytes) : raw.readUIntLE(0, bytes);
  }

  #skip(length: number): void {
    if (length > this.fileBytes - this.#at) failFormat('gguf_truncated');
    this.#at += length;
  }

  #take(length: number): Buffer {
    if (length > this.fileBytes - this.#at) failFormat('gguf_truncated');
    const start = this.#at - this.#windowAt;
    if (start < 0 || start + length > this.#window.length)
      this.#fill(Math.max(length, WINDOW_BYTES));
    const from = this.#at - this.#windowAt;
    this.#at += length;
    return this.#window.subarray(from, from + length);
  }

  #fill(bytes: number): void {
    const window = Buffer.alloc(Math.min(bytes, this.fileBytes - this.#at));
    let filled = 0;
    while (filled < window.length) {
      const read = readSync(this.#file, window, filled, window.length - filled, this.#at + filled);
      if (read === 0) failFormat('gguf_truncated');
      filled += read;
    }
    this.#window = window;
    this.#windowAt = this.#at;
  }
}
