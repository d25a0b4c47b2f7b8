import type { Op } from './op.ts';

/** How the file was found when this process opened it. */
export interface Opening {
  /** Which of the keys given at the start opened it. */
  readonly keyIndex: number;
  /** The store's generation from now on, committed in the file: one more than the last that anyone saw. */
  readonly generation: number;
  /** The process before did not close the file, so it was checked from end to end. */
  readonly wasUnclean: boolean;
}

export interface OpeningOps {
  describeOpening: Op<Record<string, never>, Opening>;
}
