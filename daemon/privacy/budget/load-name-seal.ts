import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createPrivateFile } from '../../files/durable-files.ts';
import { readOwnFile } from '../../files/read-own-file.ts';
import { LedgerDamaged } from './ledger-lines.ts';
import { createNameSeal, KEY_BYTES, type NameSeal } from './name-seal.ts';

/** The key of an app's ledger; a new one where there is no ledger yet. Throws LedgerDamaged where it is lost. */
export async function loadNameSeal({
  keyPath,
  ledgerPath,
}: {
  readonly keyPath: string;
  readonly ledgerPath: string;
}): Promise<NameSeal> {
  const key = await readOwnFile(keyPath, KEY_BYTES);
  if ('bytes' in key && key.bytes.length === KEY_BYTES) return createNameSeal(key.bytes);
  if (existsSync(ledgerPath)) throw new LedgerDamaged('its key is lost');
  if (!('absent' in key)) throw new LedgerDamaged('its key cannot be read');
  const fresh = randomBytes(KEY_BYTES);
  createPrivateFile(keyPath, fresh);
  return createNameSeal(fresh);
}
