import { type Sessions } from './access/sessions.ts';
import { createBlobStore } from './blobs/blob-store.ts';
import { type BootClock } from './clock/boot-clock.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import { createModels } from './models/create-models.ts';
import { createLeases } from './models/leases.ts';
import { createEngines } from './scheduler/create-engines.ts';
import { openQuotas } from './scheduler/quotas/open-quotas.ts';
import { createMachineMemory } from './scheduler/memory/machine-memory.ts';
import { createMemoryBudget } from './scheduler/memory/memory-budget.ts';
import { createLimitedProcesses } from './stores/processes/limited-processes.ts';
import { createKeyCustody } from './stores/keys/key-custody.ts';
import { createSystemKeyring } from './stores/keys/system-keyring.ts';
import { type AppStoresOptions, createAppStores } from './stores/app-stores.ts';
import { type Privacy } from './privacy/create-privacy.ts';
import { createWorker } from './workers/supervisor.ts';
import type { StoreOps } from './workers/store/ops.ts';

type KnownApps = Pick<AppStoresOptions, 'sharing' | 'isKnown'>;

/** What calls are served with: models and the engines that run them, how much of that each app may use, stores, blobs. */
export async function createResources(
  config: Config,
  log: Log,
  { bootClock, ...known }: { readonly bootClock: BootClock } & KnownApps,
) {
  const { paths } = config;
  const models = createModels({ folder: paths.modelCache, log });
  const machine = createMachineMemory();
  const engines = createEngines({
    settings: engineSettings(config, models.vadFile),
    memory: config.memory,
    budget: createMemoryBudget(machine.totalBytes, config.memory),
    machine,
    log,
  });
  const leases = createLeases((digest, isHeld) => {
    engines.keepWarm(digest, isHeld);
  });
  const custody = createKeyCustody({
    paths,
    log,
    preferred: config.masterKey,
    keyring: createSystemKeyring({ timeoutMs: 60_000 }),
    quickKeyring: createSystemKeyring({ timeoutMs: 5000 }),
  });
  // A keyring may take its time to answer: nobody waits for it here.
  void custody.resume();
  const stores = createAppStores({
    paths,
    keys: custody.storeKeys,
    log,
    createStoreWorker: createLimitedProcesses({
      maxOpen: config.openStores,
      createWorker: (spec, hooks) => createWorker<StoreOps>(spec, { log, ...hooks }),
    }),
    ...known,
  });
  const blobs = await createBlobStore({ folder: paths.blobs, ttlMs: config.blobTtlMs });
  const quotas = await openQuotas({
    path: paths.tokenUse,
    settings: config.quotas,
    bootClock,
    log,
  });
  return { models: models.forEngines(engines), engines, leases, custody, stores, blobs, quotas };
}

type SessionResources = Awaited<ReturnType<typeof createResources>> & { readonly privacy: Privacy };

/** What a session holds, sees and leaves behind ends with it. */
export function connectSessions(
  sessions: Sessions,
  { models, engines, leases, stores, privacy }: SessionResources,
): void {
  sessions.onClosed((session) => {
    leases.drop(session);
    models.sight.forget(session);
    engines.forgetSession(session.id);
    privacy.forgetSession(session.id);
  });
  stores.onFilling(({ apps, ...filling }) => {
    for (const appId of apps) sessions.tellStoreFilling(appId, filling);
  });
  engines.onLoaded(({ id, digest }, isLoaded) => {
    const viewers = models.sight.viewersOf(digest);
    if (!isLoaded) models.sight.clear(digest);
    sessions.tellModelsChanged(viewers, [id]);
  });
}

function engineSettings(config: Config, vadFile: string) {
  const { cores, threads, enginePackages, workerIdleMs, llmSequences } = config;
  return { cores, threads, enginePackages, idleMs: workerIdleMs, llmSequences, vadFile };
}

/** The token use is written last: calls that end now still count. */
export async function closeResources({
  engines,
  stores,
  blobs,
  privacy,
  quotas,
}: SessionResources): Promise<void> {
  await Promise.all([engines.close(), stores.closeAll(), blobs.close(), privacy.close()]);
  await quotas.close();
}
