import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
} from 'node:fs';
import { digestOf } from '../trust/digest.ts';

/** Notices when a file no longer holds what was written. */
export interface FileSeal {
  isIntact(): boolean;
}

// No waiting on a pipe, no following of a link that somebody else placed there.
const SAFE_READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A file that changed this recently may change again without a trace in its times: they move by the tick, 10 ms at most. */
const SETTLED_MS = 100;
/** Nothing that the daemon seals is longer. */
const MAX_BYTES = 1024 * 1024;

/** Watches a file that must have that digest: it is read again only when its identity or times say so. */
export function createFileSeal(path: string, digest: string): FileSeal {
  let known: string | undefined;
  return {
    isIntact: () => {
      const trace = traceOf(path);
      if (trace === undefined) return false;
      if (trace === known) return true;
      const read = readSettled(path);
      known = read?.digest === digest ? read.settled : undefined;
      return read?.digest === digest;
    },
  };
}

/** Changes whenever the file does: nobody can set the time of its last change (ctime). Undefined when there is none. */
export function traceOf(path: string): string | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats && renderTrace(stats);
  } catch {
    return undefined;
  }
}

function readSettled(
  path: string,
): { readonly digest: string; readonly settled: string | undefined } | undefined {
  try {
    const fd = openSync(path, SAFE_READ);
    try {
      const stats = fstatSync(fd, { bigint: true });
      if (!stats.isFile() || stats.size > MAX_BYTES) return undefined;
      const isSettled = Math.abs(Date.now() - Number(stats.ctimeMs)) > SETTLED_MS;
      const settled = isSettled ? renderTrace(stats) : undefined;
      return { digest: digestOf(readFileSync(fd)), settled };
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function renderTrace({ dev, ino, mode, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, mode, size, mtimeNs, ctimeNs].join(' ');
}
