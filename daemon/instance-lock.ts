import { closeSync, constants, openSync, writeSync, ftruncateSync, readFileSync } from 'node:fs';
import koffi from 'koffi';

const LOCK_EX = 2;
const LOCK_NB = 4;

class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
}

/**
 * Holds the one-daemon-per-home lock for the life of the process: flock(2), so that the kernel
 * lets go of it however the process ends. Throws AlreadyRunningError with the holder's pid.
 */
export function acquireInstanceLock(path: string): { release(): void } {
  const flock = koffi.load(null).func('int flock(int fd, int operation)') as (
    fd: number,
    operation: number,
  ) => number;
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  if (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    const holder = /^\d+/.exec(readFileSync(fd, 'utf8'))?.[0] ?? 'unknown';
    closeSync(fd);
    throw new AlreadyRunningError(`locarad is already running here (pid ${holder})`);
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`);
  return {
    release: () => {
      closeSync(fd);
    },
  };
}
