import type { Op } from './op.ts';

/** How the file was found when this process opened it. */
export interface Opening {
  /** Which of the keys given at the start opened it. */
  readonly keyIndex: number;
  /** The store's generation from now on, committed in the file: higher than any that the file had or is on record. */
  readonly generation: number;
  /** The process before did not close the file, so it was checked from end to end. */
  readonly wasUnclean: boolean;
}

/**
 * How the process ends when it has closed its file and counted the generation on once more, so that a copy
 * taken while it was open is older than the file.
 */
export const EXIT_COUNTED_ON = 3;

export interface OpeningOps {
  describeOpening: Op<Record<string, never>, Opening>;
}
