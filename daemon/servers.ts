import type { Socket } from 'node:net';
import { NOTICES } from '@locara/protocol';
import type { AppProcesses } from './access/app-processes.ts';
import type { AppRegistry } from './access/apps/app-registry.ts';
import type { Blocks } from './access/trust/blocks.ts';
import type { DaemonKey } from './access/daemon-key.ts';
import type { LaunchedApp } from './access/examine-claim.ts';
import type { Sessions } from './access/sessions.ts';
import type { AuditLog } from './audit/audit.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import { type AppConnection, serveAppConnection } from './rpc/app-connection.ts';
import {
  CONTROL_REFUSAL,
  type ControlConnection,
  serveControlConnection,
} from './rpc/control-connection.ts';
import type { ControlHandlers } from './rpc/control-handler.ts';
import type { Handlers } from './rpc/handler.ts';
import type { Launches } from './sandbox/launches.ts';
import { OpenConnections } from './transport/open-connections.ts';
import type { Peer, Peers } from './transport/peer.ts';
import type { PeerCode } from './transport/peer-code.ts';
import { createReadMemory, type ReadMemory } from './transport/read-memory.ts';
import { listenOnSocket } from './transport/socket.ts';

/** The two sockets, and everyone connected to them. */
export interface Servers {
  /** Stops accepting, tells the apps, and lets calls finish until the drain deadline. */
  drain(): Promise<void>;
  /** Cancels what still runs and ends every connection, giving the answers a moment to leave. */
  close(): Promise<void>;
}

export interface ServersOptions {
  readonly version: string;
  readonly config: Config;
  readonly log: Log;
  readonly peers: Peers;
  readonly peerCode: PeerCode;
  readonly parts: {
    readonly handlers: Handlers;
    readonly controlHandlers: ControlHandlers;
    readonly registry: AppRegistry;
    readonly blocks: Blocks;
    readonly sessions: Sessions;
    readonly daemonKey: DaemonKey;
    readonly audit: AuditLog;
    readonly appProcesses: AppProcesses;
    readonly launches: Launches;
  };
}

interface Serving extends ServersOptions {
  readonly readMemory: ReadMemory;
  readonly isDraining: () => boolean;
}

/** What a peer that does not take its answers may cost a stop. */
const CLOSE_MS = 1500;
/** What a refused peer gets to read why. */
const REFUSAL_MS = 1000;

export async function listenForPeers(options: ServersOptions): Promise<Servers> {
  const {
    config,
    parts: { launches },
  } = options;
  let isDraining = false;
  const serving: Serving = {
    ...options,
    readMemory: createReadMemory(),
    isDraining: () => isDraining,
  };
  const apps = new OpenConnections<AppConnection>();
  const controls = new OpenConnections<ControlConnection>();
  const control = await listenOnSocket(config.paths.controlSocket, {
    onConnection: (socket) => {
      controls.add(socket, serveControl(socket, serving));
    },
    onAcceptError: tellAcceptError('control', serving),
  });
  const app = await listenOnSocket(config.paths.appSocket, {
    onConnection: (socket) => {
      const end = readPeerEnd(socket, serving);
      apps.add(socket, end === undefined ? undefined : serveApp(socket, end, serving));
    },
    onAcceptError: tellAcceptError('app', serving),
  });
  launches.serveChannelsWith(({ socket, appId, pid, isRunning }) => {
    // The kernel names the daemon at both ends of a channel that it made itself.
    const peer = {
      uid: process.getuid?.() ?? -1,
      gid: process.getgid?.() ?? -1,
      pid,
      instance: '',
    };
    const end = { peer, launched: { appId }, isUnchanged: isRunning };
    apps.add(socket, serveApp(socket, end, serving));
  });
  const stopAccepting = (): void => {
    app.close();
    control.close();
  };
  return {
    drain: async () => {
      isDraining = true;
      stopAccepting();
      const notice = { reason: 'stopping', deadlineMs: config.drainTimeoutMs };
      for (const connection of apps) connection.notify(NOTICES.draining, notice);
      // What runs in a sandbox has no end of its own: once its calls are answered, it is ended.
      const launched = apps.whenIdle().then(() => launches.close());
      const idle = Promise.all([launched, controls.whenIdle()]);
      await Promise.race([idle, wait(config.drainTimeoutMs)]);
    },
    close: async () => {
      stopAccepting();
      const closed = Promise.all([apps.closeAll(), controls.closeAll()]);
      await Promise.race([closed, wait(CLOSE_MS)]);
      serving.readMemory.close();
    },
  };
}

/** The other end of an app's connection. */
interface AppEnd {
  readonly peer: Peer;
  readonly launched?: LaunchedApp;
  /** The same process still holds it. */
  readonly isUnchanged: () => boolean;
}

function readPeerEnd(socket: Socket, serving: Serving): AppEnd | undefined {
  const peer = readPeerOrRefuse(socket, 'app', serving);
  if (peer === undefined) return undefined;
  return { peer, isUnchanged: () => serving.peers.isPeerAlive(socket, peer) };
}

function serveApp(
  socket: Socket,
  { peer, launched, isUnchanged }: AppEnd,
  serving: Serving,
): AppConnection {
  const { config, log, parts } = serving;
  return serveAppConnection(socket, peer, {
    handlers: parts.handlers,
    handshake: {
      registry: parts.registry,
      blocks: parts.blocks,
      daemonKey: parts.daemonKey,
      version: serving.version,
      features: ['chunk', 'progress', 'cancel', 'blobs'],
      maxConnectionsPerApp: config.maxConnectionsPerApp,
      authTimeoutMs: config.authTimeoutMs,
      canEnroll: launched === undefined && serving.peerCode.isSupported,
      log,
    },
    sessions: parts.sessions,
    audit: parts.audit,
    authTimeoutMs: config.authTimeoutMs,
    stalledWriteMs: config.stalledWriteMs,
    readMemory: serving.readMemory,
    log,
    isDraining: serving.isDraining,
    launched,
    judgeCode: (known, demanded) =>
      launched === undefined ? serving.peerCode.judge(known, demanded) : { kind: 'unasked' },
    isPeerUnchanged: isUnchanged,
    onAuthenticated: (pid) => parts.appProcesses.hold(pid),
  });
}

function serveControl(socket: Socket, serving: Serving): ControlConnection | undefined {
  const { config, log, parts, peers } = serving;
  const peer = readPeerOrRefuse(socket, 'control', serving);
  if (peer === undefined) return undefined;
  const mayControl = (): boolean => {
    const isUser = peer.uid === process.getuid?.() && peers.isPeerAlive(socket, peer);
    if (isUser && !parts.appProcesses.isAppOrChild(peer.pid)) return true;
    log.warn('control.refused', { peerPid: peer.pid, peerUid: peer.uid });
    return false;
  };
  if (!isCommandLine(peer, serving) || !mayControl()) {
    refuse(socket);
    return undefined;
  }
  return serveControlConnection(socket, {
    handlers: parts.controlHandlers,
    audit: parts.audit,
    mayControl,
    stalledWriteMs: config.stalledWriteMs,
    readMemory: serving.readMemory,
    log,
  });
}

/** Whether the peer runs the code of the command line, where this build demands that. */
function isCommandLine(peer: Peer, { config, log, peerCode }: Serving): boolean {
  const finding = peerCode.judge(peer, config.commandLineCode);
  if (finding.kind !== 'refused') return true;
  const { why, status } = finding;
  log.warn('control.refused', { peerPid: peer.pid, check: 'code', reason: why, code: status });
  return false;
}

function readPeerOrRefuse(socket: Socket, name: string, { log, peers }: Serving): Peer | undefined {
  try {
    return peers.readPeer(socket);
  } catch {
    log.warn('peer.unreadable', { socket: name });
    socket.destroy();
    return undefined;
  }
}

/** One answer for a control peer that is refused, so that the command line can say why. */
function refuse(socket: Socket): void {
  const error = CONTROL_REFUSAL.toWire();
  socket.on('error', () => undefined);
  socket.resume();
  socket.end(`${JSON.stringify({ jsonrpc: '2.0', id: null, error })}\n`);
  setTimeout(() => {
    socket.destroy();
  }, REFUSAL_MS).unref();
}

function tellAcceptError(name: string, { log }: Serving): (error: NodeJS.ErrnoException) => void {
  return ({ code }) => {
    log.warn('socket.acceptFailed', { socket: name, code });
  };
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
