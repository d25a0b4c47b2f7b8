import { readFileSync } from 'node:fs';
import { LIMITS } from '@locara/protocol';
import { createAppProcesses } from './access/app-processes.ts';
import { createKeylessVerifier } from './access/trust/create-keyless-verifier.ts';
import type { AppRegistry } from './access/apps/app-registry.ts';
import { createAppRegistry } from './access/apps/create-app-registry.ts';
import { loadDaemonKey } from './access/daemon-key.ts';
import { createExpansions } from './access/apps/expansions.ts';
import { createAppInstaller } from './access/apps/install-app.ts';
import { readPublicGoodRoot } from './access/trust/public-good-root.ts';
import { warmManifestCheck } from './access/apps/warm-manifest-check.ts';
import { createRevocations } from './access/trust/revocations.ts';
import { createSessions, type Sessions } from './access/sessions.ts';
import { createTrustList } from './access/trust/trust-list.ts';
import type { SignatureTrust } from './access/trust/verify-bundle.ts';
import { createAudit } from './audit/create-audit.ts';
import { createBlobStore } from './blobs/blob-store.ts';
import { type BootClock, createBootClock } from './clock/boot-clock.ts';
import type { Config } from './config.ts';
import { createControlHandlers, createHandlers } from './handlers/index.ts';
import { acquireInstanceLock } from './instance-lock.ts';
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
import { createPrivacy, type Privacy } from './privacy/create-privacy.ts';
import { createSharing } from './stores/sharing/shared-stores.ts';
import { createLaunches, type LaunchesOptions } from './sandbox/launches.ts';
import { createPeerCode } from './transport/peer-code.ts';
import { createPeers, type Peers } from './transport/peer.ts';
import { createWorker } from './workers/supervisor.ts';
import type { StoreOps } from './workers/store/ops.ts';
import { listenForPeers } from './servers.ts';
import { preparePrivateFolder } from './files/private-folder.ts';
import { removeLeftovers } from './files/remove-leftovers.ts';
import { assertPathLength } from './transport/socket.ts';

/** A daemon that accepts connections. */
export interface Daemon {
  /** Stops accepting, tells the apps, lets calls finish until the drain deadline, then ends everything. */
  stop(): Promise<void>;
}

const VERSION = (
  JSON.parse(
    readFileSync(
      new URL(
        import.meta.url.endsWith('.ts') ? './package.json' : '../package.json',
        import.meta.url,
      ),
      'utf8',
    ),
  ) as { version: string }
).version;

export async function startDaemon(config: Config, log: Log): Promise<Daemon> {
  const { paths } = config;
  const startedAt = performance.now();
  const peers = createPeers();
  peers.hardenProcess();
  const peerCode = createPeerCode({ log });
  if (peerCode.isSupported && config.commandLineCode === undefined) {
    log.warn('control.codeUnchecked', { reason: 'LOCARA_TEAM_ID is not set' });
  }
  assertPathLength(paths.appSocket);
  assertPathLength(paths.controlSocket);
  const { run, data, keys, apps, audit, modelCache } = paths;
  for (const folder of [run, data, keys, apps, audit, modelCache]) preparePrivateFolder(folder);
  const lock = acquireInstanceLock(paths.lockFile);
  const cleanup: (() => void | Promise<void>)[] = [
    () => {
      lock.release();
    },
  ];
  try {
    await removeLeftovers(data);
    for (const folder of [keys, paths.trustedRoots])
      await removeLeftovers(folder, { isDeep: true });
    const parts = await createParts(config, log, { startedAt, peers });
    cleanup.push(() => parts.close());
    const servers = await listenForPeers({ version: VERSION, config, log, parts, peers, peerCode });
    cleanup.push(() => servers.close());
    log.info('daemon.ready', {
      version: VERSION,
      durationMs: Math.round(performance.now() - startedAt),
    });
    return {
      stop: async () => {
        await servers.drain();
        await runInReverse(cleanup);
      },
    };
  } catch (error) {
    await runInReverse(cleanup);
    throw error;
  }
}

/** Whom the user trusts, and what a list that they signed blocks. */
async function createTrust(paths: Config['paths'], log: Log) {
  const trustList = createTrustList({ path: paths.trustList });
  const publicGoodRoot = await readPublicGoodRoot();
  const trust: SignatureTrust = { trustList, keyless: createKeylessVerifier(), publicGoodRoot };
  const revocations = await createRevocations({ path: paths.revocations, trust, log });
  return { trustList, trust, revocations, blocks: revocations };
}

/** What the parts need that no setting says. */
interface Start {
  readonly startedAt: number;
  readonly peers: Peers;
}

/** Builds every part, in the order in which they lean on each other. */
async function createParts(config: Config, log: Log, { startedAt, peers }: Start) {
  const { paths } = config;
  const daemonKey = loadDaemonKey(paths.keys);
  const registry = await createAppRegistry({ paths, log });
  const trusted = await createTrust(paths, log);
  const audit = await createAudit({ paths, privateKey: daemonKey.privateKey, log });
  const bootClock = createBootClock();
  const expansions = createExpansions({ registry, bootClock, log });
  const sessions = createSessions(registry, trusted.blocks, {
    maxConnectionsPerApp: config.maxConnectionsPerApp,
    maxCallsPerApp: LIMITS.maxCallsPerApp,
  });
  const sharing = createSharing(registry, trusted.blocks);
  const known = { sharing, isKnown: (appId: string) => isKnownApp(registry, appId) };
  const resources = await createResources(config, log, { bootClock, ...known });
  const privacy = createPrivacy({ paths, audit, bootClock, log, idleMs: config.workerIdleMs });
  connectSessions(sessions, { ...resources, privacy });
  warmManifestCheck();
  const installer = createAppInstaller({
    registry,
    ...trusted,
    bootClock,
    audit,
    paths,
    daemonPublicKey: daemonKey.publicKey,
    findModel: (pin) => resources.models.findPinned(pin),
  });
  const { blocks } = trusted;
  const launching = createLaunching(peers, { paths, config, registry, blocks, audit, log });
  const shared = {
    version: VERSION,
    startedAt,
    config,
    log,
    daemonKey,
    registry,
    ...trusted,
    sessions,
    audit,
    expansions,
    installer,
    ...resources,
    ...launching,
    privacy,
  };
  await expansions.observe();
  const watch = expansions.watch();
  return {
    ...shared,
    handlers: createHandlers(shared),
    controlHandlers: createControlHandlers(shared),
    close: async () => {
      await launching.launches.close();
      await Promise.all([watch.stop(), closeResources({ ...resources, privacy })]);
      await audit.close();
    },
  };
}

async function closeResources({
  engines,
  stores,
  blobs,
  privacy,
  quotas,
}: SessionResources): Promise<void> {
  await Promise.all([engines.close(), stores.closeAll(), blobs.close(), privacy.close()]);
  await quotas.close();
}

/** Anything of it is here: the app, what it left, or a record that cannot be read. */
function isKnownApp(registry: AppRegistry, appId: string): boolean {
  const isInstalled = registry.find(appId) !== undefined || registry.isDamaged(appId);
  return isInstalled || registry.findFormer(appId) !== undefined;
}

type KnownApps = Pick<AppStoresOptions, 'sharing' | 'isKnown'>;

/** What calls are served with: models and the engines that run them, how much of that each app may use, stores, blobs. */
async function createResources(
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
function connectSessions(
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

/** The apps that the daemon starts itself, and the processes that count as apps. */
function createLaunching(
  peers: Peers,
  parts: Pick<LaunchesOptions, 'paths' | 'registry' | 'blocks' | 'audit' | 'log'> & {
    readonly config: Config;
  },
) {
  const appProcesses = createAppProcesses((pid) => peers.processAncestors(pid));
  const { bubblewrap } = parts.config;
  return {
    appProcesses,
    launches: createLaunches({ ...parts, version: VERSION, bubblewrap, appProcesses }),
  };
}

async function runInReverse(steps: readonly (() => void | Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps.toReversed()) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'The daemon did not stop cleanly.');
}
