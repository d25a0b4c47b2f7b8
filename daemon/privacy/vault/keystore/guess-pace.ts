import type { BootReading } from '../../../clock/boot-reading.ts';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15 * 60 * 1000;

/** The guesses at one passphrase that were not right. */
export interface Guesses {
  readonly failures: number;
  readonly guessedAt?: BootReading | undefined;
}

/**
 * Milliseconds until the next guess is judged: twice as long after each wrong one, up to a quarter of an hour. A
 * restart of the daemon shortens nothing; after one of the computer the wait begins anew, for nobody knows how
 * long it was off.
 */
export function waitBeforeGuess({ failures, guessedAt }: Guesses, now: BootReading): number {
  if (failures === 0) return 0;
  const waitMs = waitAfter(failures);
  const since =
    guessedAt?.bootId === now.bootId ? now.elapsedMs - guessedAt.elapsedMs : now.elapsedMs;
  return Math.max(0, Math.ceil(waitMs - Math.max(0, since)));
}

export function waitAfter(failures: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
}
