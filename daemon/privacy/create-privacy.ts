import type { Audit } from '../audit/audit.ts';
import type { BootClock } from '../clock/boot-clock.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import type { LoadOps } from '../workers/engine.ts';
import type { PrivacyOps } from '../workers/privacy/ops.ts';
import { createWorker } from '../workers/supervisor.ts';
import type { WorkerSpec, WorkerStatus } from '../workers/worker.ts';
import type { Budgets } from './budget/budgets.ts';
import { createBudgets } from './budget/create-budgets.ts';
import { createExamination } from './capabilities/create-examination.ts';
import type { PrivacyCapability } from './capabilities/examine-privacy.ts';
import type { PipelineParts } from './pipeline/open-pipeline.ts';
import { createRedactor } from './redactor/create-redactor.ts';
import { createPseudonymKeys } from './redactor/pseudonym-keys.ts';
import { createRestoreMaps } from './redactor/restore-maps.ts';
import { createNoiseMaker } from './releases/create-noise-maker.ts';
import { createVault, type Vault } from './vault/create-vault.ts';
import { createDerivations } from './vault/derivations.ts';
import { createKeystore } from './vault/keystore/create-keystore.ts';
import { createDatabaseFiles } from './vault/keystore/database-files.ts';

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
  return {
    redactor,
    noise: createNoiseMaker({ worker, budgets, audit }),
    budgets,
    keystore,
    vault,
    audit,
    examine: createExamination(worker),
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
