import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { LIMITS, NOTICES } from '@locara/protocol';
import { type AppProcesses, createAppProcesses } from './access/app-processes.ts';
import { createAppRegistry } from './access/create-app-registry.ts';
import { loadDaemonKey } from './access/daemon-key.ts';
import { createAppInstaller } from './access/install-app.ts';
import { createSessions } from './access/sessions.ts';
import { createTrustList } from './access/trust-list.ts';
import { createBlobStore } from './blobs/blob-store.ts';
import type { Config } from './config.ts';
import { createControlHandlers, createHandlers } from './handlers/index.ts';
import { acquireInstanceLock } from './instance-lock.ts';
import type { Log } from './log.ts';
import { createModels } from './models/create-models.ts';
import { type AppConnection, serveAppConnection } from './rpc/app-connection.ts';
import { CONTROL_REFUSAL, serveControlConnection } from './rpc/control-connection.ts';
import { createEngines } from './scheduler/create-engines.ts';
import { createAppStores } from './stores/app-stores.ts';
import { createPeers, type Peers } from './transport/peer.ts';
import { createWorker } from './workers/supervisor.ts';
import type { StoreOps } from './workers/store/ops.ts';
import { assertPathLength, listenOnSocket, preparePrivateFolder } from './transport/socket.ts';

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
  assertPathLength(paths.appSocket);
  assertPathLength(paths.controlSocket);
  for (const folder of [paths.run, paths.data, paths.keys, paths.apps, paths.modelCache]) {
    preparePrivateFolder(folder);
  }
  const lock = acquireInstanceLock(paths.lockFile);
  const cleanup: (() => void | Promise<void>)[] = [
    () => {
      lock.release();
    },
  ];
  try {
    const parts = await createParts(config, log, startedAt);
    cleanup.push(() => parts.close());
    const servers = await listen({ config, log, parts, peers });
    cleanup.push(() => {
      servers.close();
    });
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

type Parts = Awaited<ReturnType<typeof createParts>>;

/** Builds every part, in the order in which they lean on each other. */
async function createParts(config: Config, log: Log, startedAt: number) {
  const { paths } = config;
  const daemonKey = loadDaemonKey(paths.keys);
  const registry = await createAppRegistry({ paths, log });
  const trustList = createTrustList({ path: paths.trustList });
  const sessions = createSessions(registry, {
    maxConnectionsPerApp: config.maxConnectionsPerApp,
    maxCallsPerApp: LIMITS.maxCallsPerApp,
  });
  const models = createModels({ folder: paths.modelCache, log });
  const engines = createEngines({
    settings: {
      cores: config.cores,
      threads: config.threads,
      idleMs: config.workerIdleMs,
      llmSequences: config.llmSequences,
      vadFile: models.vadFile,
    },
    log,
  });
  const stores = createAppStores({
    paths,
    log,
    createStoreWorker: (spec) => createWorker<StoreOps>(spec, { log }),
  });
  const blobs = await createBlobStore({ folder: paths.blobs, ttlMs: config.blobTtlMs });
  const forEngines = models.forEngines(engines);
  const installer = createAppInstaller({
    registry,
    trustList,
    paths,
    daemonPublicKey: daemonKey.publicKey,
    findModel: (pin) => forEngines.findPinned(pin),
  });
  const shared = {
    version: VERSION,
    startedAt,
    config,
    log,
    daemonKey,
    registry,
    trustList,
    sessions,
    installer,
    models: forEngines,
    engines,
    stores,
    blobs,
  };
  return {
    ...shared,
    handlers: createHandlers(shared),
    controlHandlers: createControlHandlers(shared),
    close: async () => {
      await Promise.all([engines.close(), stores.closeAll(), blobs.close()]);
    },
  };
}

interface Servers {
  drain(): Promise<void>;
  close(): void;
}

async function listen(context: Omit<Serving, 'appProcesses'>): Promise<Servers> {
  const { config, peers } = context;
  const serving: Serving = { ...context, appProcesses: createAppProcesses(peers) };
  const connections = new Set<AppConnection>();
  const controls = new Set<{ close(): void }>();
  let isDraining = false;

  const acceptApp = (socket: Socket): void => {
    const connection = serveApp(socket, { ...serving, isDraining: () => isDraining });
    if (connection === undefined) return;
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  };
  const acceptControl = (socket: Socket): void => {
    const control = serveControl(socket, serving);
    if (control === undefined) return;
    controls.add(control);
    socket.once('close', () => controls.delete(control));
  };

  const control = await listenOnSocket(config.paths.controlSocket, acceptControl);
  const app = await listenOnSocket(config.paths.appSocket, acceptApp);
  return {
    drain: async () => {
      isDraining = true;
      app.close();
      control.close();
      for (const connection of connections) {
        connection.notify(NOTICES.draining, {
          reason: 'stopping',
          deadlineMs: config.drainTimeoutMs,
        });
      }
      const idle = Promise.all([...connections].map((connection) => connection.whenIdle()));
      await Promise.race([idle, wait(config.drainTimeoutMs)]);
    },
    close: () => {
      app.close();
      control.close();
      for (const connection of [...connections, ...controls]) connection.close();
    },
  };
}

interface Serving {
  readonly config: Config;
  readonly log: Log;
  readonly parts: Parts;
  readonly peers: Peers;
  readonly appProcesses: AppProcesses;
}

function serveApp(
  socket: Socket,
  serving: Serving & { readonly isDraining: () => boolean },
): AppConnection | undefined {
  const { config, log, parts } = serving;
  const peer = readPeerOrRefuse(socket, 'app', serving);
  if (peer === undefined) return undefined;
  return serveAppConnection(socket, peer, {
    handlers: parts.handlers,
    handshake: {
      registry: parts.registry,
      daemonKey: parts.daemonKey,
      version: VERSION,
      features: ['chunk', 'progress', 'cancel', 'blobs'],
      maxConnectionsPerApp: config.maxConnectionsPerApp,
      authTimeoutMs: config.authTimeoutMs,
      log,
    },
    sessions: parts.sessions,
    authTimeoutMs: config.authTimeoutMs,
    stalledWriteMs: config.stalledWriteMs,
    log,
    isDraining: serving.isDraining,
    isPeerUnchanged: (connection, known) => serving.peers.isPeerAlive(connection, known),
    onAuthenticated: (pid) => {
      serving.appProcesses.remember(pid);
    },
  });
}

function serveControl(socket: Socket, serving: Serving): { close(): void } | undefined {
  const { config, log, parts, peers, appProcesses } = serving;
  const peer = readPeerOrRefuse(socket, 'control', serving);
  if (peer === undefined) return undefined;
  const mayControl = (): boolean => {
    const isUser = peer.uid === process.getuid?.() && peers.isPeerAlive(socket, peer);
    if (isUser && !appProcesses.isAppOrChild(peer.pid)) return true;
    log.warn('control.refused', { peerPid: peer.pid, peerUid: peer.uid });
    return false;
  };
  if (!mayControl()) {
    refuse(socket);
    return undefined;
  }
  return serveControlConnection(socket, {
    handlers: parts.controlHandlers,
    mayControl,
    stalledWriteMs: config.stalledWriteMs,
    log,
  });
}

function readPeerOrRefuse(socket: Socket, name: string, { log, peers }: Serving) {
  try {
    return peers.readPeer(socket);
  } catch {
    log.warn('peer.unreadable', { socket: name });
    socket.destroy();
    return undefined;
  }
}

function refuse(socket: Socket): void {
  const error = CONTROL_REFUSAL.toWire();
  socket.on('error', () => undefined);
  socket.end(`${JSON.stringify({ jsonrpc: '2.0', id: null, error })}\n`);
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
  if (failures.length > 0) throw new AggregateError(failures, 'The daemon did not stop cleanly');
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
