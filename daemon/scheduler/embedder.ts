import type { SessionCall } from '../rpc/handler.ts';

export interface Embedded {
  /** Unit length, one per text, in order. */
  readonly vectors: readonly Float32Array[];
  readonly dimensions: number;
  readonly promptTokens: number;
  /** `sha256:<hex>` of the model: vectors of different models must never be mixed. */
  readonly modelDigest: string;
}

export interface EmbedRequest {
  readonly call: SessionCall;
  readonly texts: readonly string[];
  readonly kind: 'query' | 'document';
  readonly model?: string | undefined;
  readonly overflow?: 'refuse' | 'chunk' | undefined;
  readonly priority?: 'interactive' | 'background' | undefined;
  /** From now to the vectors; past it the answer is Timeout. */
  readonly timeoutMs?: number | undefined;
}

/** Texts to vectors with a model the calling app pins, under its quotas. The caller has checked `embed:create`. */
export type Embedder = (request: EmbedRequest) => Promise<Embedded>;
