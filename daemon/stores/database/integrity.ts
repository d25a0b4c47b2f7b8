import { existsSync, lstatSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { RpcError } from '@locara/protocol/errors';
import { createPrivateFile, syncFolder } from '../../files/durable-files.ts';
import type { StoreDatabase } from './database.ts';
import { damaged } from './store-errors.ts';

/** Beside a file in which a damaged page was met: the next opening checks it from end to end. */
const SUSPECT_SUFFIX = '-suspect';
const MAX_FINDINGS = 100;
/** The app's own search table, not the file: it can be rebuilt by SQL, so the store is served. */
const SEARCH_TABLE_FINDING = 'inverted index for FTS5 table';

/** Throws Unavailable (`store_damaged`) where a link, folder or pipe is in a file's place: SQLite would follow or wait. */
export function assertRegularFiles(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-journal`]) {
    const found = lstatSync(file, { throwIfNoEntry: false });
    if (found !== undefined && !found.isFile()) throw damaged();
  }
}

/** What does not hold in the file, from end to end: every page is read and authenticated. Empty when it is whole. */
export function listDamage(database: StoreDatabase): string[] {
  return readCheck(database, `PRAGMA quick_check(${MAX_FINDINGS})`).filter(
    (finding) => !finding.includes(SEARCH_TABLE_FINDING),
  );
}

/** The findings of one of SQLite's checks; a page that cannot be read at all is one too. */
export function readCheck(database: StoreDatabase, pragma: string): string[] {
  try {
    const lines = database.maintain(pragma).flatMap(([row]) => String(row).split('\n'));
    return lines.filter((line) => line !== 'ok' && !line.startsWith('*** in database'));
  } catch (error) {
    if (isUnreadable(error)) return ['A page of the file cannot be read.'];
    throw error;
  }
}

/** Throws Unavailable (`store_damaged`). */
export function assertIntact(database: StoreDatabase): void {
  if (listDamage(database).length > 0) throw damaged();
}

/** Whether a call met a damaged page. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof RpcError && error.details?.['rule'] === 'store_unreadable';
}

export function isSuspect(path: string): boolean {
  return existsSync(`${path}${SUSPECT_SUFFIX}`);
}

/** Remembers across processes that the file is not to be trusted. A full disk must not keep the store served. */
export function markSuspect(path: string): void {
  try {
    createPrivateFile(`${path}${SUSPECT_SUFFIX}`, new Uint8Array());
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
  }
}

export function settleSuspicion(path: string): void {
  if (!isSuspect(path)) return;
  rmSync(`${path}${SUSPECT_SUFFIX}`, { force: true });
  syncFolder(dirname(path));
}
