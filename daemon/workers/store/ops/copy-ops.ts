import type { Op } from './op.ts';

/** What makes another file of the store. */
export interface CopyOps {
  /**
   * The store, and every backup of it, under another key of 32 bytes: the same again when it was cut off, and
   * nothing where all of them have that key already.
   */
  rotateKey: Op<{ readonly key: Uint8Array }, { readonly rotated: true }>;
}
