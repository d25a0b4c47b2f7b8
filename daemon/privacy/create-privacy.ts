import { RpcError } from '@locara/protocol';
import type { AuditLog } from '../audit/audit.ts';
import type { BootClock } from '../clock/boot-clock.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import { createWorker } from '../workers/supervisor.ts';
import type { PrivacyOps } from '../workers/privacy/ops.ts';
import { createNoiseMaker } from './releases/create-noise-maker.ts';
import type { NoiseMaker } from './releases/noise-maker.ts';
import type { WorkerSpec, WorkerStatus } from '../workers/worker.ts';

export interface PrivacyDeps {
  readonly paths: Pick<Paths, 'vault' | 'privacy'>;
  readonly audit: AuditLog;
  readonly bootClock: BootClock;
  readonly log: Log;
  readonly idleMs: number;
}

/** What apps and the daemon's own pipelines use for privacy. */
export interface Privacy {
  readonly noise: NoiseMaker;
  /** The worker that looks into texts and draws noise, once it was needed. */
  status(): readonly WorkerStatus[];
  /** What a session had open: keys, streams, placeholders. */
  forgetSession(session: string): void;
  /** Everything that is kept of an app. */
  wipe(appId: string): Promise<void>;
  close(): Promise<void>;
}

export function createPrivacy({ log, idleMs }: PrivacyDeps): Privacy {
  const worker = createWorker<PrivacyOps>(describeWorker(idleMs), { log });
  return {
    noise: createNoiseMaker({ worker, budgets: NO_LEDGER }),
    status: () => (worker.status().uptimeMs > 0 ? [worker.status()] : []),
    forgetSession: () => undefined,
    wipe: () => Promise.resolve(),
    close: () => worker.close(),
  };
}

/** A killed process harms nothing: its calls run again, and nothing in it has to be remembered. */
function describeWorker(idleMs: number): WorkerSpec {
  return {
    kind: 'privacy',
    model: 'privacy',
    start: undefined,
    cancel: 'message',
    cancelGraceMs: 2000,
    startTimeoutMs: 20_000,
    idleMs,
    maxConcurrent: 8,
    maxQueued: 256,
    maxQueuedPerApp: 64,
  };
}

/** Until the ledger is there nothing can be charged, so nothing is released. */
const NO_LEDGER = {
  charge: (): Promise<never> =>
    Promise.reject(new RpcError('Unavailable', 'Privacy budgets are not there yet.')),
};
