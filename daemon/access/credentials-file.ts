import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { openRegularFile, readBounded } from './read-bounded.ts';
import { writeAtomically } from './write-atomically.ts';

const MAX_BYTES = 64 * 1024;

const Credentials = z.strictObject({
  appId: z.string(),
  manifestDigest: z.string(),
  installKey: z.string(),
  daemonPublicKey: z.string(),
  socket: z.string(),
});
/** What an app proves itself with (contract, section 3): the private half never leaves this file. */
export type Credentials = z.output<typeof Credentials>;

/** An Ed25519 install key. */
export interface InstallKey {
  readonly privateKeyPem: string;
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array;
}

export function generateInstallKey(): InstallKey {
  return toInstallKey(generateKeyPairSync('ed25519').privateKey);
}

/** The install key of an existing credentials file; undefined when there is none that can be used. */
export async function readInstallKey(path: string): Promise<InstallKey | undefined> {
  const opened = await openRegularFile(path);
  if (typeof opened === 'string') return undefined;
  await using file = opened;
  const bytes = await readBounded(file, MAX_BYTES);
  try {
    const { installKey } = Credentials.parse(JSON.parse(Buffer.from(bytes ?? []).toString('utf8')));
    const key = createPrivateKey(installKey);
    return key.asymmetricKeyType === 'ed25519' ? toInstallKey(key) : undefined;
  } catch {
    return undefined;
  }
}

export async function writeCredentials(path: string, credentials: Credentials): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeAtomically(path, `${JSON.stringify(credentials, null, 2)}\n`);
}

function toInstallKey(privateKey: KeyObject): InstallKey {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicKey: Buffer.from(x, 'base64url'),
  };
}
