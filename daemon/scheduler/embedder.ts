import type { SessionCall } from '../rpc/handler.ts';

export interface Embedded {
  /** Unit length, one per text, in order. */
  readonly vectors: readonly Float32Array[];
  readonly dimensions: number;
  readonly promptTokens: number;
  /** `sha256:<hex>` of the model: vectors of different models must never be mixed. */
  readonly modelDigest: string;
}

/** Texts to vectors with a model the calling app pins. The caller has checked `embed:create`. */
export type Embedder = (request: {
  readonly call: SessionCall;
  readonly texts: readonly string[];
  readonly kind: 'query' | 'document';
  readonly model?: string | undefined;
  /** What to do with a text longer than the model reads at once; refused unless told else. */
  readonly overflow?: 'refuse' | 'chunk';
  readonly priority?: 'interactive' | 'background';
  readonly timeoutMs?: number | undefined;
}) => Promise<Embedded>;
