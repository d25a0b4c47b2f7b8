import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isAppId } from '@locara/protocol';
import { openRegularFile, readBounded, readRegularFileNow } from '../../files/read-bounded.ts';
import { LEFTOVER } from '../../files/remove-leftovers.ts';
import { removeTree } from '../../files/remove-tree.ts';
import { parseFormer, parseRecord } from './app-record-file.ts';
import type { AppRecord, FormerApp } from './app-registry.ts';
import { CREDENTIALS_FILE } from './credentials-file.ts';

export const RECORD_FILE = 'app.json';
export const FORMER_FILE = 'former.json';
const MAX_RECORD_BYTES = 1024 * 1024;

/** An installed app as it lies on the disk. */
export interface StoredApp {
  readonly record: AppRecord;
  readonly recordText: string;
  readonly manifestBytes: Uint8Array;
}

/** What the folder of an app says of it. */
export type AppFolder =
  /** A crash may have come in the middle of an update: then the files beside the record may be newer. */
  | { readonly kind: 'installed'; readonly stored: StoredApp; readonly wasCutOff: boolean }
  | { readonly kind: 'former'; readonly former: FormerApp }
  /** A record is there that does not hold together. */
  | { readonly kind: 'damaged' }
  | { readonly kind: 'empty' };

/** Reads what is there, and removes what a crash left. */
export async function openAppFolder(folder: string, appId: string): Promise<AppFolder> {
  const recordText = await readText(join(folder, RECORD_FILE));
  const formerText = await readText(join(folder, FORMER_FILE));
  const wasCutOff = await cleanUp(folder, { hasRecord: recordText !== undefined });
  if (typeof recordText === 'string') {
    const parsed = parseRecord(recordText, appId);
    if (parsed === undefined) return { kind: 'damaged' };
    return { kind: 'installed', stored: { ...parsed, recordText }, wasCutOff };
  }
  if (recordText === null) return { kind: 'damaged' };
  if (formerText === undefined) return { kind: 'empty' };
  const former = formerText === null ? undefined : parseFormer(formerText, appId);
  return former === undefined ? { kind: 'damaged' } : { kind: 'former', former };
}

/**
 * The record alone, at once, from a folder that was found in order; undefined when it does not hold together.
 * Throws what the system says when it cannot be read now.
 */
export function readStoredApp(folder: string, appId: string): StoredApp | undefined {
  const recordText = readRegularFileNow(join(folder, RECORD_FILE)).toString('utf8');
  const parsed = parseRecord(recordText, appId);
  return parsed && { ...parsed, recordText };
}

/** The ids of all apps that have a folder. */
export async function listAppFolders(apps: string): Promise<string[]> {
  const found: string[] = [];
  for (const publisher of await listFolders(apps)) {
    for (const name of await listFolders(join(apps, publisher))) found.push(`${publisher}/${name}`);
  }
  return found.filter((appId) => isAppId(appId));
}

/**
 * Removes half-written files, and keys of an installation that did not happen. True when the record was
 * about to be replaced.
 */
async function cleanUp(
  folder: string,
  { hasRecord }: { readonly hasRecord: boolean },
): Promise<boolean> {
  let wasCutOff = false;
  for (const name of await readdir(folder)) {
    const isOrphan = name === CREDENTIALS_FILE && !hasRecord;
    const isLeftover = LEFTOVER.test(name);
    wasCutOff ||= isLeftover && name.startsWith(`${RECORD_FILE}.`);
    if (isOrphan || isLeftover) await removeTree(join(folder, name));
  }
  return wasCutOff;
}

/** The content, undefined when absent, null when it cannot be read as a text of sane size. */
async function readText(path: string): Promise<string | null | undefined> {
  const opened = await openRegularFile(path);
  if (opened === 'absent') return undefined;
  if (opened === 'not a regular file') return null;
  await using file = opened;
  const bytes = await readBounded(file, MAX_RECORD_BYTES);
  return bytes === undefined ? null : Buffer.from(bytes).toString('utf8');
}

async function listFolders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
