import { RpcError } from '@locara/protocol';
import type { BootClock } from '../../../clock/boot-clock.ts';
import type { BootReading } from '../../../clock/boot-reading.ts';
import type { PrivacyCall } from '../../privacy-call.ts';
import type { Derivations } from '../derivations.ts';
import type { DatabaseFiles } from './database-files.ts';
import type { DatabaseRecord } from './database-record.ts';
import { waitAfter, waitBeforeGuess } from './guess-pace.ts';
import type { Attempt } from './keystore.ts';
import { unwrapKey } from './wrapped-key.ts';

/**
 * Judges one guess at a passphrase. It counts before it is judged: a process that is killed meanwhile forgets none.
 * Only where it could not be judged at all, it is taken back.
 * One at a time for each app. Throws NotFound without such a database, Busy while it is too early.
 */
export type GuessJudge = <More extends object>(
  call: PrivacyCall,
  database: string,
  guess: Guess<More>,
) => Promise<Attempt & Partial<More>>;

interface Guess<More> {
  readonly passphrase: Uint8Array;
  /** The key is zeroed when this has resolved. */
  readonly onRight: (record: DatabaseRecord, key: Buffer) => Promise<More>;
}

export function createGuessJudge({
  files,
  bootClock,
  derivations,
}: {
  readonly files: DatabaseFiles;
  readonly bootClock: BootClock;
  readonly derivations: Pick<Derivations, 'argon2'>;
}): GuessJudge {
  const readClock = createGuessClock(bootClock);
  return async <More extends object>(
    call: PrivacyCall,
    database: string,
    { passphrase, onRight }: Guess<More>,
  ) => {
    const { appId } = call.session;
    const record = await files.read(appId, database);
    if (record === undefined) throw unknownDatabase();
    const guessedAt = readClock();
    const retryAfterMs = waitBeforeGuess(record, guessedAt);
    if (retryAfterMs > 0) throw tooEarly(retryAfterMs);
    call.signal.throwIfAborted();
    const failures = record.failures + 1;
    await files.replace(appId, { ...record, failures, guessedAt });
    const how = { derivations, call, keyId: record.keyId };
    const key = await unwrapKey(record, passphrase, how).catch(async (error: unknown) => {
      // It was not judged, as where too much waits: nobody learned anything, and the right one must not wait for it.
      await files.replace(appId, record);
      throw error;
    });
    if (key === undefined) {
      const wrong: Attempt = { isRight: false, retryAfterMs: waitAfter(failures) };
      return wrong;
    }
    try {
      const lastUsedAt = new Date().toISOString();
      const right = { ...record, failures: 0, guessedAt: undefined, lastUsedAt };
      await files.replace(appId, right);
      return { ...(await onRight(right, key)), isRight: true };
    } finally {
      key.fill(0);
    }
  };
}

/** Where the system has no such clock, the time since the daemon's start: every wait begins anew with it. */
function createGuessClock(bootClock: BootClock): () => BootReading {
  const startedAt = performance.now();
  return () =>
    bootClock.read() ?? {
      bootId: `process:${process.pid}`,
      elapsedMs: performance.now() - startedAt,
    };
}

export function unknownDatabase(): RpcError {
  return new RpcError('NotFound', 'This database has no key: call vault.initialize first.');
}

function tooEarly(retryAfterMs: number): RpcError {
  const seconds = Math.ceil(retryAfterMs / 1000);
  return new RpcError('Busy', `That was a wrong passphrase: try again in ${seconds} s.`, {
    details: { retryAfterMs },
  });
}
