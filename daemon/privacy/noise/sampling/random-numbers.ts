import { randomFillSync } from 'node:crypto';

/** Fills bytes with randomness of the system. */
export type RandomFill = (bytes: Uint8Array) => void;

/** Uniform whole numbers, without a rounding anywhere. */
export interface RandomNumbers {
  /** One of 0 to `limit - 1`, each exactly as likely; `limit` is a whole number from 1 to 2^53. */
  below(limit: number): number;
}

const POOL_BYTES = 64 * 1024;
const WORD = 2 ** 32;

/** Asks the system for 64 KiB at a time; a byte that was used is zeroed. */
export function createRandomNumbers(
  fill: RandomFill = (bytes) => void randomFillSync(bytes),
): RandomNumbers {
  return new PooledNumbers(fill);
}

class PooledNumbers implements RandomNumbers {
  readonly #fill: RandomFill;
  readonly #pool = new Uint8Array(POOL_BYTES);
  #at = POOL_BYTES;

  constructor(fill: RandomFill) {
    this.#fill = fill;
  }

  below(limit: number): number {
    if (limit > WORD) return this.#belowMany(limit);
    const unusedBits = Math.clz32(limit - 1);
    if (unusedBits === 32) return 0;
    const mask = 0xffffffff >>> unusedBits;
    for (;;) {
      const drawn = (this.#read(39 - unusedBits) & mask) >>> 0;
      if (drawn < limit) return drawn;
    }
  }

  /** Of limits beyond a word: its high part and a whole word, and again if that is too much. */
  #belowMany(limit: number): number {
    const highest = (limit - 1 - ((limit - 1) % WORD)) / WORD;
    const unusedBits = Math.clz32(highest);
    const mask = 0xffffffff >>> unusedBits;
    for (;;) {
      const high = (this.#read(39 - unusedBits) & mask) >>> 0;
      const drawn = high * WORD + (this.#read(39) >>> 0);
      if (drawn < limit) return drawn;
    }
  }

  /** As many bytes as `bits >>> 3`, in the low end of a word. */
  #read(bits: number): number {
    const count = bits >>> 3;
    if (this.#at + count > POOL_BYTES) this.#refill();
    let word = 0;
    for (let left = count; left > 0; left -= 1) {
      word = (word << 8) | (this.#pool[this.#at] ?? 0);
      this.#pool[this.#at] = 0;
      this.#at += 1;
    }
    return word;
  }

  #refill(): void {
    this.#fill(this.#pool);
    this.#at = 0;
  }
}
