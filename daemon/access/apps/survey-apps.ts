import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readRegularFileNow } from '../../files/read-bounded.ts';
import { LEFTOVER } from '../../files/remove-leftovers.ts';
import { FORMER_FILE, RECORD_FILE } from './app-folder.ts';
import { CREDENTIALS_FILE } from './credentials-file.ts';

/** As both files are written; quotes in the manifest's own text are escaped, so it cannot imitate them. */
const WAITING = '"expansion": {';
const DIGEST = /"manifestDigest": "sha256:[0-9a-f]{64}"/;

/**
 * True when nothing needs to be done about an app before it is asked for: no crash left anything in its folder,
 * its credentials name the manifest of its record, and no update of it waits for the user. Nothing is parsed or
 * believed here: a record that is damaged shows when it is read. False whenever that cannot be told.
 */
export function isQuiet(folder: string): boolean {
  try {
    const names = readdirSync(folder);
    if (names.includes(FORMER_FILE) || names.some((name) => LEFTOVER.test(name))) return false;
    const record = readRegularFileNow(join(folder, RECORD_FILE)).toString('latin1');
    if (record.includes(WAITING)) return false;
    if (!names.includes(CREDENTIALS_FILE)) return true;
    const credentials = readRegularFileNow(join(folder, CREDENTIALS_FILE)).toString('latin1');
    const named = DIGEST.exec(credentials)?.[0];
    return named !== undefined && record.includes(named);
  } catch {
    return false;
  }
}
