import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from './context.ts';
import { createExportFile } from './export-file.ts';

const LOG_FILE = /^locarad\.log(\.\d+)?$/;

export interface ExportedLogs {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Writes every log of the daemon into one file (0600), the oldest first. Throws CliError when the file is there
 * already or cannot be made, or there are no logs.
 */
export async function exportLogs(folder: string, path: string): Promise<ExportedLogs> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => LOG_FILE.test(name));
  if (names.length === 0) throw new CliError('NotFound', 'There are no logs of the daemon yet.');
  await using target = await createExportFile({ path });
  let files = 0;
  for (const name of names.toSorted(byAge)) {
    // A log that is no plain file, or was just set aside under another name, is left out.
    const source = await open(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW).catch(
      () => undefined,
    );
    if (source === undefined) continue;
    try {
      if (!(await source.stat()).isFile()) continue;
      await target.write(await source.readFile());
      files += 1;
    } finally {
      await source.close();
    }
  }
  await target.finish();
  return { files, bytes: target.bytes };
}

/** `locarad.log.4` is older than `.3`, and all are older than `locarad.log`. */
function byAge(a: string, b: string): number {
  return rankOf(b) - rankOf(a);
}

function rankOf(name: string): number {
  return Number(LOG_FILE.exec(name)?.[1]?.slice(1) ?? 0);
}
