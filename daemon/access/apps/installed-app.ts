import { join } from 'node:path';
import { MANIFEST_FILE } from '@locara/protocol';
import { type FileContent, replaceFiles } from '../../files/write-atomically.ts';
import { digestOf } from '../trust/digest.ts';
import { RECORD_FILE, type StoredApp } from './app-folder.ts';
import { renderRecord } from './app-record-file.ts';
import type { AppRecord } from './app-registry.ts';
import { createFileSeal, type FileSeal } from './file-seal.ts';

/** An installed app whose files are watched. */
export interface InstalledApp {
  readonly record: AppRecord;
  readonly manifestBytes: Uint8Array;
  /** Of what the daemon wrote: the manifest for people, and the record. */
  readonly seals: readonly FileSeal[];
}

/** The app as it was read from its folder. */
export function sealStoredApp(
  folder: string,
  { record, recordText, manifestBytes }: StoredApp,
): InstalledApp {
  return { record, manifestBytes, seals: sealFiles(folder, record, recordText) };
}

/** Puts the record in place after the files that belong to it. */
export async function writeInstalledApp(
  folder: string,
  { record, manifestBytes }: Omit<InstalledApp, 'seals'>,
  files: readonly FileContent[] = [],
): Promise<InstalledApp> {
  const text = renderRecord(record, manifestBytes);
  await replaceFiles([...files, { path: join(folder, RECORD_FILE), content: text }]);
  return { record, manifestBytes, seals: sealFiles(folder, record, text) };
}

function sealFiles(folder: string, record: AppRecord, recordText: string): FileSeal[] {
  return [
    createFileSeal(join(folder, MANIFEST_FILE), record.manifestDigest),
    createFileSeal(join(folder, RECORD_FILE), digestOf(Buffer.from(recordText))),
  ];
}
