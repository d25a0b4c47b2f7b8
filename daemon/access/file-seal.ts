import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { digestOf } from './app-record-file.ts';

/** Notices when a file no longer holds what was written. */
export interface FileSeal {
  isIntact(): boolean;
}

// No waiting on a pipe, no following of a link that somebody else placed there.
const SAFE_READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A file that changed this recently may change again without a trace in its times. */
const SETTLED_MS = 2000;
/** Nothing that the daemon seals is longer. */
const MAX_BYTES = 1024 * 1024;

/** Watches a file that must have that digest: it is read again only when its identity or times say so. */
export function createFileSeal(path: string, digest: string): FileSeal {
  let known: string | undefined;
  return {
    isIntact: () => {
      try {
        const seen = traceOf(statSync(path, { bigint: true }));
        if (known !== undefined && seen === known) return true;
        const { trace, isSettled, content } = readTraced(path);
        const isIntact = digestOf(content) === digest;
        known = isIntact && isSettled ? trace : undefined;
        return isIntact;
      } catch {
        return false;
      }
    },
  };
}

function readTraced(path: string): {
  readonly trace: string;
  readonly isSettled: boolean;
  readonly content: Uint8Array;
} {
  const fd = openSync(path, SAFE_READ);
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile() || stats.size > MAX_BYTES) throw new Error('not a file that was sealed');
    const isSettled = Math.abs(Date.now() - Number(stats.ctimeMs)) > SETTLED_MS;
    return { trace: traceOf(stats), isSettled, content: readFileSync(fd) };
  } finally {
    closeSync(fd);
  }
}

function traceOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}
