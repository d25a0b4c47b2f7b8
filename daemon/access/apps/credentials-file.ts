import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import * as z from 'zod';
import { openRegularFile, readBounded } from '../../files/read-bounded.ts';
import { writeAtomically } from '../../files/write-atomically.ts';

export const CREDENTIALS_FILE = 'credentials.json';
const MAX_BYTES = 64 * 1024;

const Credentials = z.strictObject({
  appId: z.string(),
  manifestDigest: z.string(),
  /** Absent where the app makes its own key (session.enroll). */
  installKey: z.string().optional(),
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
  const credentials = await readCredentials(path);
  return credentials === undefined ? undefined : parseInstallKey(credentials);
}

/** The text of credentials.json (contract, section 3). */
export function renderCredentials(credentials: Credentials): string {
  return `${JSON.stringify(credentials, null, 2)}\n`;
}

/**
 * After a crash in the middle of an update, lets the credentials name the manifest that the record has.
 * Credentials with another key are left alone: they open nothing.
 */
export async function alignCredentials(
  path: string,
  record: { readonly manifestDigest: string; readonly installPublicKey: Uint8Array },
): Promise<void> {
  const credentials = await readCredentials(path);
  const { manifestDigest, installPublicKey } = record;
  if (credentials === undefined || credentials.manifestDigest === manifestDigest) return;
  const key = parseInstallKey(credentials);
  const isForeign = key === undefined || Buffer.compare(key.publicKey, installPublicKey) !== 0;
  if (isForeign && credentials.installKey !== undefined) return;
  await writeAtomically(path, renderCredentials({ ...credentials, manifestDigest }));
}

async function readCredentials(path: string): Promise<Credentials | undefined> {
  const opened = await openRegularFile(path);
  if (typeof opened === 'string') return undefined;
  await using file = opened;
  const bytes = await readBounded(file, MAX_BYTES);
  try {
    return Credentials.parse(JSON.parse(Buffer.from(bytes ?? []).toString('utf8')));
  } catch {
    return undefined;
  }
}

function parseInstallKey({ installKey }: Credentials): InstallKey | undefined {
  if (installKey === undefined) return undefined;
  try {
    const key = createPrivateKey(installKey);
    return key.asymmetricKeyType === 'ed25519' ? toInstallKey(key) : undefined;
  } catch {
    return undefined;
  }
}

function toInstallKey(privateKey: KeyObject): InstallKey {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicKey: Buffer.from(x, 'base64url'),
  };
}
