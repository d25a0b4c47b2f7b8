import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
} from 'node:fs';
import { digestOf } from './app-record-file.ts';

/** The installed locara.json of one app, as it lies on the disk. */
export interface InstalledManifest {
  /** Reads the file again only when the file system says that it changed. False when in doubt. */
  isIntact(): boolean;
}

const MAX_BYTES = 1024n * 1024n;

export function watchManifest(path: string, manifestDigest: string): InstalledManifest {
  let seen: { readonly stamp: string; readonly isIntact: boolean } | undefined;
  return {
    isIntact: () => {
      const stamp = stampOf(path);
      if (stamp === undefined) return false;
      if (seen?.stamp !== stamp) seen = { stamp, isIntact: readDigest(path) === manifestDigest };
      return seen.isIntact;
    },
  };
}

/** Changes whenever the file does: nobody can set the time of its last change (ctime). */
export function stampOf(path: string): string | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : renderStamp(stats);
  } catch {
    return undefined;
  }
}

function renderStamp({ dev, ino, size, mode, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mode, mtimeNs, ctimeNs].join(':');
}

function readDigest(path: string): string | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(file, { bigint: true });
      if (!stats.isFile() || stats.size > MAX_BYTES) return undefined;
      return digestOf(readFileSync(file));
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
