import type { AuditLog } from '../audit/audit.ts';
import type { BootClock } from '../clock/boot-clock.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import { createWorker } from '../workers/supervisor.ts';
import type { Budgets } from './budget/budgets.ts';
import { createBudgets } from './budget/create-budgets.ts';
import type { PrivacyOps } from '../workers/privacy/ops.ts';
import { createDerivations } from './vault/derivations.ts';
import { createVault, type Vault } from './vault/create-vault.ts';
import { createKeystore } from './vault/keystore/create-keystore.ts';
import { createDatabaseFiles } from './vault/keystore/database-files.ts';
import type { Keystore } from './vault/keystore/keystore.ts';
import { createNoiseMaker } from './releases/create-noise-maker.ts';
import type { NoiseMaker } from './releases/noise-maker.ts';
import type { WorkerSpec, WorkerStatus } from '../workers/worker.ts';

export interface PrivacyDeps {
  readonly paths: Pick<Paths, 'vault' | 'privacy' | 'privacyKey'>;
  readonly audit: AuditLog;
  readonly bootClock: BootClock;
  readonly log: Log;
  readonly idleMs: number;
}

/** What apps and the daemon's own pipelines use for privacy. */
export interface Privacy {
  readonly vault: Vault;
  readonly keystore: Keystore;
  readonly budgets: Budgets;
  readonly noise: NoiseMaker;
  /** The worker that looks into texts and draws noise, once it was needed. */
  status(): readonly WorkerStatus[];
  /** What a session had open: keys, streams, placeholders. */
  forgetSession(session: string): void;
  /** Everything that is kept of an app. */
  wipe(appId: string): Promise<void>;
  close(): Promise<void>;
}

export function createPrivacy({ paths, audit, bootClock, log, idleMs }: PrivacyDeps): Privacy {
  const budgets = createBudgets({ paths, log });
  const worker = createWorker<PrivacyOps>(describeWorker(idleMs), { log });
  const derivations = createDerivations();
  const keystore = createKeystore({ files: createDatabaseFiles(paths), bootClock, derivations });
  const vault = createVault({ derivations, keystore });
  return {
    vault,
    keystore,
    budgets,
    noise: createNoiseMaker({ worker, budgets, audit }),
    status: () => (worker.status().uptimeMs > 0 ? [worker.status()] : []),
    forgetSession: (session) => {
      vault.forgetSession(session);
      keystore.forgetSession(session);
    },
    wipe: async (appId) => {
      await keystore.wipe(appId);
      await budgets.wipe(appId);
    },
    close: async () => {
      vault.close();
      await worker.close();
      await budgets.close();
    },
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
