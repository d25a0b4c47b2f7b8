import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readRegularFileNow } from '../../files/read-bounded.ts';
import { LEFTOVER } from '../../files/remove-leftovers.ts';
import { FORMER_FILE, RECORD_FILE } from './app-folder.ts';
import { CREDENTIALS_FILE } from './credentials-file.ts';

/** As both files are written; quotes in the manifest's own text are escaped, so it cannot imitate them. */
const WAITING = '"expansion": {';
const DIGEST = '"manifestDigest": "';
const DIGEST_BYTES = `${DIGEST}sha256:"`.length + 64;
/** Most records and credentials are a tenth of this. */
const SCRATCH_BYTES = 32 * 1024;

/** Looks at one folder after the other, without leaving anything of them in memory. */
export function createSurvey(): (folder: string) => boolean {
  const scratch = {
    record: Buffer.allocUnsafeSlow(SCRATCH_BYTES),
    credentials: Buffer.allocUnsafeSlow(SCRATCH_BYTES),
  };
  return (folder) => isQuiet(folder, scratch);
}

/**
 * True when nothing needs to be done about an app before it is asked for: no crash left anything in its folder,
 * its credentials name the manifest of its record, and no update of it waits for the user. Nothing is parsed or
 * believed here: a record that is damaged shows when it is read. False whenever that cannot be told.
 */
function isQuiet(
  folder: string,
  scratch: { readonly record: Buffer; readonly credentials: Buffer },
): boolean {
  try {
    const names = readdirSync(folder);
    if (names.includes(FORMER_FILE) || names.some((name) => LEFTOVER.test(name))) return false;
    const record = readRegularFileNow(join(folder, RECORD_FILE), scratch.record);
    if (record.includes(WAITING)) return false;
    if (!names.includes(CREDENTIALS_FILE)) return true;
    const credentials = readRegularFileNow(join(folder, CREDENTIALS_FILE), scratch.credentials);
    const at = credentials.indexOf(DIGEST);
    const named = credentials.subarray(at, at + DIGEST_BYTES);
    return at >= 0 && named.length === DIGEST_BYTES && record.includes(named);
  } catch {
    return false;
  }
}
