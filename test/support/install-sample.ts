import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
} from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog } from '@locara/protocol';
import { openWire, type RawCredentials, readCredentials, type Wire } from './raw-client.ts';

const CATALOG = Catalog.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../models/catalog.json'), 'utf8')),
);

/** The pins of the embedded models. */
export const PINS = CATALOG.models.map(({ id, files }) => `${id}@sha256:${files[0]?.sha256 ?? ''}`);

export function manifest(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    schema: 'locara/v1',
    name: 'notes',
    publisher: 'acme',
    version: '1.0.0',
    displayName: 'Notes',
    description: 'Keeps notes.',
    license: 'MIT',
    author: { name: 'Acme', email: 'dev@acme.example' },
    modalities: ['text-to-text', 'text-to-embedding', 'speech-to-text', 'image-to-text'],
    models: PINS,
    storage: { sql: true },
    ...changes,
  };
}

export interface SigningKey {
  readonly privatePem: string;
  readonly publicPem: string;
}

export function createSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }),
  };
}

/** Writes a signed package from the contract's words: raw manifest bytes, a v0.3 bundle, a managed key. */
export function writePackage(content: Record<string, unknown> | string, key: SigningKey): string {
  const folder = mkdtempSync(join(tmpdir(), 'locara-p-'));
  mkdirSync(folder, { recursive: true });
  const bytes = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
  writeFileSync(join(folder, 'locara.json'), bytes);
  const privateKey = createPrivateKey(key.privatePem);
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      publicKey: { hint: createHash('sha256').update(spki).digest('base64') },
      tlogEntries: [],
    },
    messageSignature: {
      messageDigest: {
        algorithm: 'SHA2_256',
        digest: createHash('sha256').update(bytes).digest('base64'),
      },
      signature: sign('sha256', bytes, privateKey).toString('base64'),
    },
  };
  writeFileSync(join(folder, 'locara.json.sigstore.json'), JSON.stringify(bundle));
  return folder;
}

/** Trusts a fresh key and installs an app signed with it; for tests that start as an installed app. */
export async function installSample(
  controlSocket: string,
  changes: Record<string, unknown> & { readonly name?: string } = {},
): Promise<RawCredentials> {
  const control = await openWire(controlSocket);
  const credentials = await installOver(control, changes);
  control.end();
  return credentials;
}

/** The same over a control connection that is open already; the key is trusted under `name`. */
export async function installOver(
  control: Pick<Wire, 'call'>,
  changes: Record<string, unknown> & { readonly name?: string } = {},
  name = `key ${changes.name ?? 'notes'}`,
): Promise<RawCredentials> {
  const key = createSigningKey();
  await expectResult(control.call('trust.add', { name, publicKeyPem: key.publicPem }));
  const path = writePackage(manifest(changes), key);
  const inspected = await expectResult(control.call('app.inspect', { path }));
  const { consentDigest } = inspected['summary'] as { consentDigest: string };
  const installed = await expectResult(
    control.call('app.install', { path, consentDigest, acceptRisk: true }),
  );
  return readCredentials(installed['credentials'] as string);
}

async function expectResult(
  answer: Promise<{ result?: Record<string, unknown>; error?: unknown }>,
): Promise<Record<string, unknown>> {
  const { result, error } = await answer;
  if (result === undefined) throw new Error(JSON.stringify(error));
  return result;
}
