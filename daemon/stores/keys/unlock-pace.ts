import { RpcError } from '@locara/protocol';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

/** Slows guessing down: after each wrong passphrase the next try waits twice as long, up to a minute. */
export interface UnlockPace {
  /** Throws Busy with `details.retryAfterMs` while it is too early. */
  assertReady(): void;
  wrong(): void;
  right(): void;
}

export function createUnlockPace(now: () => number = () => performance.now()): UnlockPace {
  let failures = 0;
  let readyAt = 0;
  return {
    assertReady: () => {
      const retryAfterMs = Math.ceil(readyAt - now());
      if (retryAfterMs <= 0) return;
      const seconds = Math.ceil(retryAfterMs / 1000);
      throw new RpcError('Busy', `That was a wrong passphrase: try again in ${seconds} s.`, {
        details: { retryAfterMs },
      });
    },
    wrong: () => {
      readyAt = now() + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
      failures += 1;
    },
    right: () => {
      failures = 0;
      readyAt = 0;
    },
  };
}
