import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { RpcError } from '@locara/protocol/errors';
import { isFileError } from '../../files/durable-files.ts';
import { openStoreCopy, type StoreDatabase } from '../database/database.ts';
import { damaged } from '../database/store-errors.ts';
import { listDamage } from '../database/integrity.ts';
import { SCRATCH_SUFFIX } from '../database/swap.ts';
import { digestContents } from './contents.ts';

/** Left for everything else on the disk. */
const SPARE_BYTES = 1024 * 1024;
const FULL_DISK_CODES = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** A name in `folder` for something that is being made; what keeps it is removed at the next opening. */
function makeScratchName(folder: string): string {
  return join(folder, `${randomBytes(8).toString('hex')}${SCRATCH_SUFFIX}`);
}

/**
 * Runs `work` with a scratch file, which is gone afterwards unless `work` renamed it. A full disk is
 * InsufficientResources, and leaves nothing half.
 */
export function withScratch<T>(folder: string, work: (scratch: string) => T): T {
  const scratch = makeScratchName(folder);
  try {
    return work(scratch);
  } catch (error) {
    throw toCopyError(error);
  } finally {
    for (const suffix of ['', '-journal', '-wal', '-created']) {
      rmSync(`${scratch}${suffix}`, { force: true });
    }
  }
}

/** Throws InsufficientResources, with the numbers, when so much does not fit on the disk. */
export function assertRoom(folder: string, neededBytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= neededBytes + SPARE_BYTES) return;
  throw diskFull({ neededBytes, availableBytes: bavail * bsize });
}

/** Writes an open store to a new encrypted file, compacted, under the same key. */
export function vacuumInto(database: StoreDatabase, scratch: string): void {
  assertRoom(dirname(scratch), database.usage().usedBytes);
  makeEmpty(scratch);
  database.maintain('VACUUM INTO ?', [scratch]);
  syncFile(scratch);
}

/** A byte-for-byte copy; shares blocks where the file system can. */
export function cloneFile(from: string, scratch: string): void {
  assertRoom(dirname(scratch), statSync(from).size);
  makeEmpty(scratch);
  copyFileSync(from, scratch, constants.COPYFILE_FICLONE);
  syncFile(scratch);
}

/** What a copy must be to count as one. */
export interface Expected {
  readonly key: Uint8Array;
  /** `digestContents` of what was copied. */
  readonly contents: string;
}

/** Opens a copy as if it were to be restored: key, every page, schema and rows. Throws Unavailable (`store_damaged`). */
export function verifyCopy(path: string, { key, contents }: Expected): void {
  inspectCopy(path, key, (copy) => {
    if (listDamage(copy).length > 0 || digestContents(copy) !== contents) throw damaged();
  });
}

/** Opens a file of this store's by its key, only to read it, for as long as `work` runs. */
export function inspectCopy<T>(path: string, key: Uint8Array, work: (copy: StoreDatabase) => T): T {
  const copy = openStoreCopy({ path, key, isWritable: false });
  try {
    return work(copy);
  } finally {
    copy.close();
  }
}

/** Changes a scratch file, and sees it to the disk. */
export function changeCopy(
  path: string,
  key: Uint8Array,
  work: (copy: StoreDatabase) => void,
): void {
  const copy = openStoreCopy({ path, key, isWritable: true });
  try {
    work(copy);
  } finally {
    copy.close();
  }
  syncFile(path);
}

/** Not for a store itself: a crash in the middle leaves a file that neither key opens. */
export function rekeyCopy(
  scratch: string,
  { from, to }: { readonly from: Uint8Array; readonly to: Uint8Array },
): void {
  changeCopy(scratch, from, (copy) => {
    copy.maintain(`PRAGMA rekey = "x'${Buffer.from(to).toString('hex')}'"`);
  });
}

function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** SQLite would make it readable for others. */
function makeEmpty(path: string): void {
  closeSync(openSync(path, 'wx', 0o600));
}

function toCopyError(error: unknown): unknown {
  // A copy has no quota of its own: what is full is the disk.
  if (error instanceof RpcError && error.reason === 'QuotaExceeded') return diskFull();
  if (FULL_DISK_CODES.some((code) => isFileError(error, code))) return diskFull();
  return error;
}

function diskFull(numbers: Readonly<Record<string, number>> = {}): RpcError {
  return new RpcError('InsufficientResources', 'There is no room on the disk for a copy.', {
    details: { resource: 'disk', ...numbers },
  });
}
