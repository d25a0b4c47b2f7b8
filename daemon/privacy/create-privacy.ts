import type { Audit } from '../audit/audit.ts';
import type { BootClock } from '../clock/boot-clock.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import { createSystemKeyring } from '../stores/keys/system-keyring.ts';
import type { LoadOps } from '../workers/engine.ts';
import { createWorker } from '../workers/supervisor.ts';
import type { Budgets } from './budget/budgets.ts';
import { createBudgets } from './budget/create-budgets.ts';
import type { PrivacyOps } from '../workers/privacy/ops.ts';
import { createDerivations } from './vault/derivations.ts';
import { createVault, type Vault } from './vault/create-vault.ts';
import { createKeystore } from './vault/keystore/create-keystore.ts';
import { createDatabaseFiles } from './vault/keystore/database-files.ts';
import { createNoiseMaker } from './releases/create-noise-maker.ts';
import type { PipelineParts } from './pipeline/open-pipeline.ts';
import type { Worker, WorkerSpec, WorkerStatus } from '../workers/worker.ts';
import { createPrivacyProbes, examinePrivacy, type PrivacyCapability } from './examine-privacy.ts';
import { createRedactor } from './redactor/create-redactor.ts';
import { createPseudonymKeys } from './redactor/pseudonym-keys.ts';
import { createRestoreMaps } from './redactor/restore-maps.ts';
import { rememberFor } from './remember-for.ts';

export interface PrivacyDeps {
  readonly paths: Pick<Paths, 'vault' | 'privacy' | 'privacyKey'>;
  readonly audit: Pick<Audit, 'effect'>;
  readonly bootClock: BootClock;
  readonly log: Log;
  readonly idleMs: number;
}

/** What apps and the daemon's own pipelines use for privacy. */
export interface Privacy extends PipelineParts {
  readonly budgets: Budgets;
  readonly vault: Vault;
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

export function createPrivacy(deps: PrivacyDeps): Privacy {
  const { paths, audit, bootClock, log, idleMs } = deps;
  const worker = createWorker<PrivacyOps & LoadOps>(describePrivacyWorker(idleMs), { log });
  const budgets = createBudgets({ paths, log });
  const pseudonymKeys = createPseudonymKeys(paths);
  const redactor = createRedactor({
    worker,
    maps: createRestoreMaps(),
    keys: pseudonymKeys,
    onRedacted: (effect) => {
      audit.effect(effect);
    },
  });
  const derivations = createDerivations();
  const keystore = createKeystore({ files: createDatabaseFiles(paths), bootClock, derivations });
  const vault = createVault({ derivations, keystore });
  const probes = createProbes(worker);
  return {
    redactor,
    noise: createNoiseMaker({ worker, budgets, audit }),
    budgets,
    keystore,
    vault,
    audit,
    examine: rememberFor(LOOK_AGAIN_MS, () => examinePrivacy(probes)),
    status: () => (worker.status().uptimeMs > 0 ? [worker.status()] : []),
    forgetSession: (session) => {
      redactor.forgetSession(session);
      vault.forgetSession(session);
      keystore.forgetSession(session);
    },
    wipe: async (appId) => {
      await keystore.wipe(appId);
      pseudonymKeys.destroy(appId);
      await budgets.wipe(appId);
    },
    close: async () => {
      vault.close();
      await worker.close();
      await budgets.close();
    },
  };
}

function createProbes(worker: Worker<PrivacyOps & LoadOps>) {
  const keyring = createSystemKeyring({ timeoutMs: KEYRING_TIMEOUT_MS });
  return createPrivacyProbes({
    askKeyring: () => keyring.get(KEYRING_PROBE),
    askWorker: () => worker.call('load', undefined, { deadlineMs: WORKER_TIMEOUT_MS }),
  });
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
