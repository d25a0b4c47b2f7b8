import {
  describeDuration,
  diffRights,
  isExpansion,
  meetRights,
  type PendingExpansion,
  rightsOf,
  RpcError,
} from '@locara/protocol';
import type { BootClock } from '../../clock/boot-clock.ts';
import { describeError, type Log } from '../../log.ts';
import type { AppRecord, AppRegistry } from './app-registry.ts';
import { advanceWait, remainingMs, type Waited } from './cool-down.ts';
import { digestExpansion } from './plan-install.ts';

/** The updates that wait for cool-down and consent. */
export interface Expansions {
  /** What waits for the user's decision, and how long it still must. */
  describe(record: AppRecord): PendingExpansion | undefined;
  /** Throws unless the user may decide now, about exactly the difference that they were shown. */
  assertDecidable(record: AppRecord, decision: ExpansionDecision): void;
  /** Writes down how long every expansion has waited, so that a boot that ends is not lost. Never throws. */
  observe(): Promise<void>;
  /** Observes about hourly until it is stopped, and once more then. */
  watch(): { stop(): Promise<void> };
}

export interface ExpansionDecision {
  readonly diffDigest: string | undefined;
  readonly capability?: string | undefined;
}

export interface ExpansionsOptions {
  readonly registry: Pick<AppRegistry, 'listExpanding' | 'update'>;
  readonly bootClock: BootClock;
  readonly log: Pick<Log, 'warn'>;
}

const WATCH_MS = 60 * 60 * 1000;
/** Asking more often than this costs no write. */
const WORTH_WRITING_MS = 60 * 1000;

export function createExpansions({ registry, bootClock, log }: ExpansionsOptions): Expansions {
  const observe = async (): Promise<void> => {
    const reading = bootClock.read();
    for (const { appId, expansion } of registry.listExpanding()) {
      if (expansion === undefined) continue;
      if (!isWorthWriting(expansion.waited, advanceWait(expansion.waited, reading))) continue;
      try {
        await registry.update(appId, (record) => withWait(record, reading), {
          isBookkeeping: true,
        });
      } catch (error) {
        log.warn('expansion.notObserved', { appId, ...describeError(error) });
      }
    }
  };
  return {
    describe: (record) => describeExpansion(record, bootClock),
    assertDecidable: (record, decision) => {
      assertDecidable(record, decision, bootClock);
    },
    observe,
    watch: () => {
      const timer = setInterval(() => void observe(), WATCH_MS).unref();
      return {
        stop: async () => {
          clearInterval(timer);
          await observe();
        },
      };
    },
  };
}

/** The record after the user approved a part of what it asks for: what is left of the expansion still waits. */
export function settleExpansion(record: AppRecord, approved: AppRecord['approved']): AppRecord {
  const asked = rightsOf(record.manifest);
  const { expansion } = record;
  const isOpen = expansion !== undefined && isExpansion(diffRights(approved, asked));
  const diffDigest = digestExpansion(record.appId, approved, asked);
  return { ...record, approved, expansion: isOpen ? { ...expansion, diffDigest } : undefined };
}

function withWait(record: AppRecord, reading: ReturnType<BootClock['read']>): AppRecord {
  const { expansion } = record;
  if (expansion === undefined) return record;
  return { ...record, expansion: { ...expansion, waited: advanceWait(expansion.waited, reading) } };
}

function isWorthWriting(before: Waited, after: Waited): boolean {
  const isOtherBoot = before.bootId !== after.bootId;
  return isOtherBoot || after.elapsedMs - before.elapsedMs >= WORTH_WRITING_MS;
}

function describeExpansion(
  { expansion, approved, manifest }: AppRecord,
  bootClock: BootClock,
): PendingExpansion | undefined {
  if (expansion === undefined) return undefined;
  const { diffDigest, fromVersion, signedAt, firstSeenAt, waited } = expansion;
  const asked = rightsOf(manifest);
  return {
    diffDigest,
    diff: diffRights(meetRights(approved, asked), asked),
    fromVersion,
    signedAt,
    firstSeenAt,
    remainingMs: remainingMs(advanceWait(waited, bootClock.read())),
  };
}

function assertDecidable(
  record: AppRecord,
  { diffDigest, capability }: ExpansionDecision,
  bootClock: BootClock,
): void {
  const { expansion, appId, approved, manifest } = record;
  // The digest on file says which difference has waited: it must still be the one there is.
  const current = digestExpansion(appId, approved, rightsOf(manifest));
  if (expansion?.diffDigest !== current || diffDigest !== current) {
    throw diffChanged(expansion !== undefined);
  }
  const reading = bootClock.read();
  const leftMs = remainingMs(advanceWait(expansion.waited, reading));
  if (leftMs === 0) return;
  const words =
    reading === undefined
      ? 'The clock that counts the cool-down cannot be read, so it does not end.'
      : `The cool-down of this update is not over: ask again after ${describeDuration(leftMs)} of running time.`;
  throw new RpcError('CapabilityDenied', words, {
    details: { rule: 'cool_down', remainingMs: leftMs, ...(capability && { capability }) },
  });
}

function diffChanged(isWaiting: boolean): RpcError {
  const words = isWaiting
    ? 'That is not what waits for your consent: look at the app again, then decide.'
    : 'Nothing waits for your consent: look at the app again.';
  return new RpcError('Conflict', words, { details: { rule: 'diff_changed' } });
}
