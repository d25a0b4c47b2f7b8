import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLE_FILE, MANIFEST_FILE, RpcError } from '@locara/protocol';
import { createBundle } from '../../clients/cli/sign-package.ts';

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly keyPem: string;
  readonly publicKeyPem: string;
}

export function createKeyPair(kind: 'ecdsa-p256' | 'ed25519' = 'ecdsa-p256'): KeyPair {
  const { privateKey, publicKey } =
    kind === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    privateKey,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }),
  };
}

export function createTemporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'locara-test-'));
}

/** A manifest with every required field; `overrides` replace or add top-level fields. */
export function createManifest(overrides: Readonly<Record<string, unknown>> = {}): Buffer {
  const manifest = {
    schema: 'locara/v1',
    name: 'notes',
    publisher: 'acme',
    version: '1.0.0',
    displayName: 'Notes',
    description: 'Keeps notes.',
    license: 'Apache-2.0',
    repository: 'https://example.org/acme/notes',
    author: { name: 'Ada', email: 'ada@example.org' },
    ...overrides,
  };
  return Buffer.from(JSON.stringify(manifest, null, 2));
}

/** Writes a package folder with a manifest and a bundle made by `key`. */
export function createPackage(key: KeyPair, overrides?: Readonly<Record<string, unknown>>): string {
  const folder = join(createTemporaryFolder(), 'package');
  mkdirSync(folder);
  const manifest = createManifest(overrides);
  writeFileSync(join(folder, MANIFEST_FILE), manifest);
  const bundle = createBundle(manifest, key.privateKey);
  writeFileSync(join(folder, BUNDLE_FILE), JSON.stringify(bundle));
  return folder;
}

/** Runs it and returns the RpcError it ends with; anything else fails the test. */
export async function rejectionOf(run: () => unknown): Promise<RpcError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw new Error('not an RpcError', { cause: error });
  }
  throw new Error('it did not fail');
}

export async function ruleOf(run: () => unknown): Promise<unknown> {
  const error = await rejectionOf(run);
  return `${error.reason} ${String(error.details?.['rule'])}`;
}
