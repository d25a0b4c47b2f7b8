import type { Socket } from 'node:net';
import { createDarwinPeers } from './platform/darwin.ts';
import { createLinuxPeers } from './platform/linux.ts';
import type { Peer, PeerPlatform } from './platform/peer-platform.ts';

export type { Peer };

/** The questions the daemon asks about the processes that connect to it. */
export interface Peers {
  /** Throws when the socket is closed or the kernel does not say: then there is no identity. */
  readPeer(socket: Socket): Peer;
  /** Whether the process that connected still runs and still is the same. False when in doubt. */
  isPeerAlive(socket: Socket, peer: Peer): boolean;
  /** The process itself and its parents up to the first, nearest first. Empty when it is gone. */
  processAncestors(pid: number): readonly number[];
  /** Keeps other programs of the same user from reading this process's memory. Throws when refused. */
  hardenProcess(): void;
}

const MAX_ANCESTORS = 256;

/** Binds the system calls of this platform. Throws where there are none. */
export function createPeers(platform: NodeJS.Platform = process.platform): Peers {
  const native = choosePlatform(platform);
  return {
    readPeer: (socket) => native.readPeer(descriptorOf(socket)),
    isPeerAlive: (socket, peer) => {
      try {
        return native.isPeerAlive(descriptorOf(socket), peer);
      } catch {
        return false;
      }
    },
    processAncestors: (pid) => collectAncestors(pid, (child) => native.parentOf(child)),
    hardenProcess: () => {
      native.hardenProcess();
    },
  };
}

function choosePlatform(platform: NodeJS.Platform): PeerPlatform {
  if (platform === 'linux') return createLinuxPeers();
  if (platform === 'darwin') return createDarwinPeers();
  throw new Error(`the platform ${platform} does not tell who connects`);
}

/** Node has no public name for a socket's descriptor; this function is the only place that knows. */
function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  if (typeof fd !== 'number' || fd < 0) throw new Error('the connection is closed');
  return fd;
}

function collectAncestors(
  pid: number,
  parentOf: (pid: number) => number | undefined,
): readonly number[] {
  const line: number[] = [];
  let next = pid;
  // A process that ends and whose number is given anew could close a ring.
  while (next > 0 && !line.includes(next) && line.length < MAX_ANCESTORS) {
    const parent = parentOf(next);
    if (parent === undefined) break;
    line.push(next);
    next = parent;
  }
  return line;
}
