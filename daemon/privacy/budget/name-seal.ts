import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { AccountName } from './account.ts';

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID_BYTES = 16;

/**
 * Names of budgets and subjects as they are on the disk: whom data is about may itself be content. The same name has
 * the same id under the same key, and nobody finds one from the other without it.
 */
export interface NameSeal {
  /** What the ledger begins with, to recognise its key. */
  readonly keyId: string;
  idOf(name: AccountName): string;
  seal(name: AccountName): string;
  /** Throws where the text was not sealed under this key. */
  open(sealed: string): AccountName;
}

export function createNameSeal(key: Uint8Array): NameSeal {
  const derive = (purpose: string) => createHmac('sha256', key).update(purpose).digest();
  const [idKey, sealKey] = [derive('locara-budget-id/1'), derive('locara-budget-name/1')];
  return {
    keyId: derive('locara-budget-key/1').toString('base64url').slice(0, 16),
    idOf: (name) =>
      createHmac('sha256', idKey)
        .update(write(name))
        .digest()
        .subarray(0, ID_BYTES)
        .toString('base64url'),
    seal: (name) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce);
      const sealed = Buffer.concat([cipher.update(write(name)), cipher.final()]);
      return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open: (text) => {
      const bytes = Buffer.from(text, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', sealKey, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const sealed = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
      return read(Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8'));
    },
  };
}

/** Composed: a name whose accents came as characters of their own is the same one's, not a fresh allowance. */
function write({ budget, subject }: AccountName): string {
  return JSON.stringify(subject === undefined ? [budget] : [budget, subject]).normalize('NFC');
}

function read(text: string): AccountName {
  const [budget = '', subject] = JSON.parse(text) as string[];
  return { budget, subject };
}
