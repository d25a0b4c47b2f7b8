import { Socket } from 'node:net';
import koffi from 'koffi';

/** The memory into which Node reads every socket of this process, one after the other. */
export interface ReadMemory {
  /** Overwrites what was read last: it stays there until something as long is read. */
  erase(): void;
  close(): void;
}

const AF_UNIX = 1;
const SOCK_STREAM = 1;
/** Into as many bytes Node reads at once. */
const READ_BYTES = 64 * 1024;

/**
 * Node keeps one buffer for all reads, hands on copies of what came, and lends it to nobody; so zeroes are read
 * into it, over a pair of sockets of our own. Where the kernel takes less at once (macOS: 8 KiB), so much is erased.
 */
export function createReadMemory(): ReadMemory {
  const [reading, writing] = openPair();
  let isErasing = false;
  let isAskedAgain = false;
  reading.on('data', () => undefined);
  for (const socket of [reading, writing]) socket.on('error', () => undefined).unref();
  const erase = (): void => {
    isAskedAgain = isErasing;
    if (isErasing) return;
    isErasing = true;
    writing.write(Buffer.alloc(READ_BYTES), () => {
      isErasing = false;
      if (isAskedAgain) erase();
    });
  };
  return {
    erase,
    close: () => {
      reading.destroy();
      writing.destroy();
    },
  };
}

function openPair(): [reading: Socket, writing: Socket] {
  const socketpair = koffi.load(null).func('int socketpair(int, int, int, _Out_ int *)') as (
    ...args: readonly (number | number[])[]
  ) => number;
  const descriptors = [-1, -1];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, descriptors) !== 0) {
    throw new Error(`socketpair refused with errno ${koffi.errno()}`);
  }
  const [one, other] = descriptors;
  return [
    new Socket({ fd: one ?? -1, readable: true, writable: false }),
    new Socket({ fd: other ?? -1, readable: false, writable: true }),
  ];
}
