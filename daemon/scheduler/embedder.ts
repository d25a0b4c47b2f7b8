import type { CallDeadline } from './call-deadline.ts';
import type { SessionCall } from '../rpc/handler.ts';

export interface Embedded {
  /** Unit length, in the order of the texts: one per text unless they were split. */
  readonly vectors: readonly Float32Array[];
  /** How many of the vectors each text has; one each when absent. */
  readonly counts?: readonly number[];
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
  /** Of texts longer than the model reads at once; `split` makes several vectors of one. */
  readonly overflow?: 'refuse' | 'chunk' | 'split' | undefined;
  readonly priority?: 'interactive' | 'background' | undefined;
  /** Of the whole call, which whoever gives it ends and explains. */
  readonly deadline?: CallDeadline | undefined;
  /** Told the model's dimensions, where they are known, before it works; what it throws is the answer. */
  readonly beforeWork?: ((dimensions: number) => void | Promise<void>) | undefined;
}

/** Texts to vectors with a model the calling app pins, under its quotas. The caller has checked `embed:create`. */
export type Embedder = (request: EmbedRequest) => Promise<Embedded>;
