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
import { createSessions } from './access/sessions.ts';
import { createTrustList } from './access/trust/trust-list.ts';
import type { SignatureTrust } from './access/trust/verify-bundle.ts';
import { createAudit } from './audit/create-audit.ts';
import { createBootClock } from './clock/boot-clock.ts';
import type { Config } from './config.ts';
import { createControlHandlers, createHandlers } from './handlers/index.ts';
import { acquireInstanceLock } from './instance-lock.ts';
import type { Log } from './log.ts';
import { createPrivacy } from './privacy/create-privacy.ts';
import { createSharing } from './stores/sharing/shared-stores.ts';
import { createLaunches, type LaunchesOptions } from './sandbox/launches.ts';
import { createPeerCode } from './transport/peer-code.ts';
import { createPeers, type Peers } from './transport/peer.ts';
import { listenForPeers } from './servers.ts';
import { preparePrivateFolder } from './files/private-folder.ts';
import { removeLeftovers } from './files/remove-leftovers.ts';
import { assertPathLength } from './transport/socket.ts';
import { closeResources, connectSessions, createResources } from './resources.ts';

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

/** Anything of it is here: the app, what it left, or a record that cannot be read. */
function isKnownApp(registry: AppRegistry, appId: string): boolean {
  const isInstalled = registry.find(appId) !== undefined || registry.isDamaged(appId);
  return isInstalled || registry.findFormer(appId) !== undefined;
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
