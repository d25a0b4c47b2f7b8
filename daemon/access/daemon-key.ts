import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPrivateFile, isFileError } from '../files/durable-files.ts';

const READABLE_BY_OTHERS = 0o077;

/** The daemon's own Ed25519 identity, pinned by every app at install. */
export interface DaemonKey {
  readonly privateKey: KeyObject;
  /** Raw, 32 bytes. */
  readonly publicKey: Buffer;
}

/**
 * Reads the key, or makes it on the very first start. One that is present but cannot be read, or that
 * others could have, is an error and never replaced: every app has pinned it.
 */
export function loadDaemonKey(keysFolder: string): DaemonKey {
  const path = join(keysFolder, 'daemon.pem');
  const privateKey = parseKey(readIfPresent(path) ?? createKeyFile(path));
  return { privateKey, publicKey: toRawPublicKey(createPublicKey(privateKey)) };
}

function parseKey(pem: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(pem);
  } catch {
    // Said below, without what the file holds.
  }
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new Error(
    'The daemon key (keys/daemon.pem) is damaged. Restore it; without it every app must be installed again.',
  );
}

/** The 32 raw bytes of an Ed25519 public key. */
export function toRawPublicKey(key: KeyObject): Buffer {
  const { x } = key.export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url');
}

/** An Ed25519 public key from its 32 raw bytes. */
export function fromRawPublicKey(raw: Uint8Array): KeyObject {
  const x = Buffer.from(raw).toString('base64url');
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
}

function readIfPresent(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return undefined;
    throw refuseFile(error);
  }
  try {
    const stats = fstatSync(file);
    const isPrivate = stats.uid === process.getuid?.() && (stats.mode & READABLE_BY_OTHERS) === 0;
    if (stats.isFile() && isPrivate) return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
  throw refuseFile();
}

function refuseFile(cause?: unknown): Error {
  const message =
    'The daemon key (keys/daemon.pem) must be a file that only you can read: run `chmod 600` on it.';
  return new Error(message, { cause });
}

function createKeyFile(path: string): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  if (createPrivateFile(path, Buffer.from(pem))) return pem;
  throw new Error('Another process has just made the daemon key: start again.');
}
