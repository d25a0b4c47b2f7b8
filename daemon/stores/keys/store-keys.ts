import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RpcError } from '@locara/protocol';
import * as z from 'zod';
import type { Paths } from '../../paths.ts';
import { createPrivateFile, destroyFile, isFileError } from '../../files/durable-files.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const VERSION = 1;
const MASTER_KEY_FILE = 'master.key';

const WrappedKey = z.strictObject({
  version: z.literal(VERSION),
  nonce: z.base64(),
  ciphertext: z.base64(),
  tag: z.base64(),
});

/** A random data key per app, on disk only wrapped by the master key. */
export interface StoreKeys {
  /**
   * The app's key, 32 bytes; made at the first call unless `mustExist`. Throws Unavailable when
   * a key is lost or does not unwrap: a new one would not open the data, so none is made.
   */
  open(appId: string, options: { readonly mustExist: boolean }): Uint8Array;
  /** The file that is there is taken at the next opening, older or not: on the user's word. */
  accept(appId: string): Promise<void>;
  /** Forgets the app's key for good: its database cannot be read any more. */
  destroy(appId: string): void;
}

export function createStoreKeys(paths: Pick<Paths, 'keys' | 'storeKey'>): StoreKeys {
  return {
    open: (appId, { mustExist }) => {
      const path = paths.storeKey(appId);
      const wrapped = readIfPresent(path);
      if (wrapped !== undefined) return unwrapKey(wrapped, appId, openMasterKey(paths));
      if (mustExist) throw unavailable('key_missing', 'The key of this store is missing.');
      const key = randomBytes(KEY_BYTES);
      const isNew = createPrivateFile(path, wrapKey(key, appId, openMasterKey(paths)));
      return isNew ? key : unwrapKey(readFileSync(path), appId, openMasterKey(paths));
    },
    // A record of version 1 has no generation: nothing is refused for its age.
    accept: () => Promise.resolve(),
    destroy: (appId) => {
      destroyFile(paths.storeKey(appId));
    },
  };
}

function openMasterKey(paths: Pick<Paths, 'keys' | 'storeKey'>): Uint8Array {
  const path = join(paths.keys, MASTER_KEY_FILE);
  const present = readIfPresent(path);
  if (present === undefined && hasWrappedKeys(paths)) {
    throw unavailable('master_key_missing', 'The master key is missing.');
  }
  if (present === undefined) createPrivateFile(path, randomBytes(KEY_BYTES));
  const key = present ?? readFileSync(path);
  const isPrivate = (statSync(path).mode & 0o077) === 0;
  if (key.length === KEY_BYTES && isPrivate) return key;
  throw unavailable('master_key_unsafe', 'The master key is damaged or readable by others.');
}

function hasWrappedKeys(paths: Pick<Paths, 'storeKey'>): boolean {
  const folder = dirname(dirname(paths.storeKey('publisher/name')));
  try {
    return readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.json'));
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return false;
    throw error;
  }
}

// Bound to the app and the purpose: a wrapped key copied to another app's place does not unwrap.
function associatedBytes(appId: string): Buffer {
  return Buffer.from(`${appId}|store|${VERSION}`);
}

function wrapKey(key: Uint8Array, appId: string, masterKey: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce);
  cipher.setAAD(associatedBytes(appId));
  const ciphertext = Buffer.concat([cipher.update(key), cipher.final()]);
  const wrapped: z.output<typeof WrappedKey> = {
    version: VERSION,
    nonce: nonce.toString('base64'),
    ciphertext: ciphertext.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  };
  return Buffer.from(`${JSON.stringify(wrapped)}\n`);
}

function unwrapKey(file: Uint8Array, appId: string, masterKey: Uint8Array): Uint8Array {
  try {
    const wrapped = WrappedKey.parse(JSON.parse(Buffer.from(file).toString('utf8')));
    const nonce = Buffer.from(wrapped.nonce, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: 16 });
    decipher.setAAD(associatedBytes(appId));
    decipher.setAuthTag(Buffer.from(wrapped.tag, 'base64'));
    const ciphertext = Buffer.from(wrapped.ciphertext, 'base64');
    const key = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    if (key.length === KEY_BYTES) return key;
  } catch {
    // Which part did not fit is of no use to anyone but an attacker.
  }
  throw unavailable('key_unreadable', 'The key of this store does not unwrap.');
}

function readIfPresent(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function unavailable(rule: string, message: string): RpcError {
  return new RpcError('Unavailable', message, { details: { rule } });
}
