import { join } from 'node:path';
import { MANIFEST_FILE } from '@locara/protocol';
import { writeAtomically } from '../../files/write-atomically.ts';
import type { Log } from '../../log.ts';
import type { AppFolder } from './app-folder.ts';
import { alignCredentials, CREDENTIALS_FILE } from './credentials-file.ts';

/** Brings the files beside a record in line with it, as far as the disk allows. Never rejects. */
export async function recoverApp(
  folder: string,
  { stored, wasCutOff }: Extract<AppFolder, { readonly kind: 'installed' }>,
  log: Pick<Log, 'warn'>,
): Promise<void> {
  const { record, manifestBytes } = stored;
  await alignCredentials(join(folder, CREDENTIALS_FILE), record).catch(() => {
    log.warn('app.credentialsStale', { appId: record.appId });
  });
  // A crash in the middle of an update explains another manifest; without one, somebody edited it.
  // Where that cannot be written, as on a full disk, the app stays out: its files are not intact.
  if (wasCutOff) {
    await writeAtomically(join(folder, MANIFEST_FILE), manifestBytes).catch(() => undefined);
  }
}
