import type { AuditLog } from '../audit/audit.ts';
import type { BootClock } from '../clock/boot-clock.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import { createSystemKeyring } from '../stores/keys/system-keyring.ts';
import type { LoadOps } from '../workers/engine.ts';
import { createWorker } from '../workers/supervisor.ts';
import type { PrivacyOps } from '../workers/privacy/ops.ts';
import type { WorkerSpec, WorkerStatus } from '../workers/worker.ts';
import { createPrivacyProbes, examinePrivacy, type PrivacyCapability } from './examine-privacy.ts';
import { createRedactor } from './redactor/create-redactor.ts';
import { createPseudonymKeys } from './redactor/pseudonym-keys.ts';
import type { Redactor } from './redactor/redactor.ts';
import { createRestoreMaps } from './redactor/restore-maps.ts';
import { rememberFor } from './remember-for.ts';

export interface PrivacyDeps {
  readonly paths: Pick<Paths, 'vault' | 'privacy'>;
  readonly audit: AuditLog;
  readonly bootClock: BootClock;
  readonly log: Log;
  readonly idleMs: number;
}

/** What apps and the daemon's own pipelines use for privacy. */
export interface Privacy {
  readonly redactor: Redactor;
  /** What this computer has for privacy, and what is used instead of what it lacks. */
  examine(): Promise<readonly PrivacyCapability[]>;
  /** The worker that looks into texts and draws noise, once it was needed. */
  status(): readonly WorkerStatus[];
  /** What a session had open: keys, streams, placeholders. */
  forgetSession(session: string): void;
  /** Everything that is kept of an app. */
  wipe(appId: string): Promise<void>;
  close(): Promise<void>;
}

const KEYRING_TIMEOUT_MS = 5000;
const KEYRING_PROBE = 'privacy-probe';
const WORKER_TIMEOUT_MS = 20_000;
/** Each look starts processes: apps must not have them started at will. */
const LOOK_AGAIN_MS = 60_000;

export function createPrivacy({ paths, log, idleMs }: PrivacyDeps): Privacy {
  const worker = createWorker<PrivacyOps & LoadOps>(describePrivacyWorker(idleMs), { log });
  const keyring = createSystemKeyring({ timeoutMs: KEYRING_TIMEOUT_MS });
  const keys = createPseudonymKeys(paths);
  const redactor = createRedactor({
    worker,
    maps: createRestoreMaps(),
    keys,
    onRedacted: () => undefined,
  });
  const probes = createPrivacyProbes({
    askKeyring: () => keyring.get(KEYRING_PROBE),
    askWorker: () => worker.call('load', undefined, { deadlineMs: WORKER_TIMEOUT_MS }),
  });
  return {
    redactor,
    examine: rememberFor(LOOK_AGAIN_MS, () => examinePrivacy(probes)),
    status: () => (worker.status().uptimeMs > 0 ? [worker.status()] : []),
    forgetSession: (session) => {
      redactor.forgetSession(session);
    },
    wipe: (appId) => {
      keys.destroy(appId);
      return Promise.resolve();
    },
    close: () => worker.close(),
  };
}

/**
 * Nothing in the process has to be remembered. Calls give way to each other in it, so an app that comes while another
 * has all places joins them.
 */
export function describePrivacyWorker(idleMs: number): WorkerSpec {
  return {
    kind: 'privacy',
    model: 'privacy',
    start: undefined,
    cancel: 'message',
    cancelGraceMs: 2000,
    startTimeoutMs: 20_000,
    idleMs,
    maxConcurrent: 8,
    maxOvercommit: 8,
    maxQueued: 256,
    maxQueuedPerApp: 64,
  };
}
