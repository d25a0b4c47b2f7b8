/** Over how long use counts, and in how fine steps it is forgotten. */
export interface WindowSpan {
  readonly spanMs: number;
  readonly bucketMs: number;
}

/** Tokens used within one step; `index` counts the steps since time 0. */
export interface TokenBucket {
  readonly index: number;
  readonly tokens: number;
}

export const MINUTE: WindowSpan = { spanMs: 60_000, bucketMs: 1000 };
export const DAY: WindowSpan = { spanMs: 24 * 60 * 60 * 1000, bucketMs: 60 * 60 * 1000 };

/**
 * Tokens used in the last `spanMs`, whenever one asks: never forgotten sooner, and at most one step later.
 * Times must not go back.
 */
export class TokenWindow {
  readonly #span: WindowSpan;
  /** Oldest first. */
  readonly #buckets: { readonly index: number; tokens: number }[];
  #used: number;

  constructor(span: WindowSpan, buckets: readonly TokenBucket[] = []) {
    this.#span = span;
    this.#buckets = buckets.map((bucket) => ({ ...bucket }));
    this.#used = buckets.reduce((sum, { tokens }) => sum + tokens, 0);
  }

  add(nowMs: number, tokens: number): void {
    if (tokens <= 0) return;
    this.#forget(nowMs);
    const index = indexOf(this.#span, nowMs);
    const newest = this.#buckets.at(-1);
    if (newest?.index === index) newest.tokens += tokens;
    else this.#buckets.push({ index, tokens });
    this.#used += tokens;
  }

  used(nowMs: number): number {
    this.#forget(nowMs);
    return this.#used;
  }

  /** How long until at most `tokens` still count; 0 when that is so now. `tokens` is at least 0. */
  msUntil(nowMs: number, tokens: number): number {
    let left = this.used(nowMs);
    let waitMs = 0;
    for (const bucket of this.#buckets) {
      if (left <= tokens) break;
      left -= bucket.tokens;
      waitMs = this.#endOf(bucket) - nowMs;
    }
    return waitMs;
  }

  buckets(nowMs: number): readonly TokenBucket[] {
    this.#forget(nowMs);
    return this.#buckets.map((bucket) => ({ ...bucket }));
  }

  #forget(nowMs: number): void {
    for (;;) {
      const [oldest] = this.#buckets;
      if (oldest === undefined || this.#endOf(oldest) > nowMs) return;
      this.#used -= oldest.tokens;
      this.#buckets.shift();
    }
  }

  /** When the last use in the bucket no longer counts. */
  #endOf({ index }: TokenBucket): number {
    const { bucketMs, spanMs } = this.#span;
    return (index + 1) * bucketMs + spanMs;
  }
}

export function indexOf({ bucketMs }: WindowSpan, nowMs: number): number {
  return Math.floor(nowMs / bucketMs);
}
