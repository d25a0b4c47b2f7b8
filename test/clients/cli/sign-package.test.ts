import { generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CliError } from '../../../clients/cli/context.ts';
import { loadOrCreateDevelopmentKey, signPackage } from '../../../clients/cli/sign-package.ts';
import { readPackage } from '../../../daemon/access/apps/app-package.ts';
import { createTrustList } from '../../../daemon/access/trust/trust-list.ts';
import { verifySigned } from '../../support/bundles.ts';
import {
  createKeyPair,
  createManifest,
  createPackage,
  createTemporaryFolder,
} from '../../support/signed-package.ts';

async function failureOf(run: () => Promise<unknown>): Promise<CliError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe.each(['ecdsa-p256', 'ed25519'] as const)('signing with an %s key', (algorithm) => {
  test('makes a package that the daemon accepts once the key is trusted', async () => {
    const key = createKeyPair(algorithm);
    const folder = createPackage(createKeyPair());
    const signed = await signPackage(folder, { keyPem: key.keyPem });
    expect(signed).toMatchObject({
      algorithm,
      publicKeyPem: key.publicKeyPem,
      bundlePath: join(folder, 'locara.json.sigstore.json'),
    });
    const list = createTrustList({ path: join(createTemporaryFolder(), 'trust.json') });
    const trusted = await list.add({
      name: 'Ada',
      publicKeyPem: signed.publicKeyPem,
      scope: 'sideloading',
    });
    expect(trusted.hint).toBe(signed.hint);
    const { signer } = await verifySigned(await readPackage(folder), list);
    expect(signer.words).toBe('key you trust “Ada”');
  });
});

test('writes exactly the bundle of the contract', async () => {
  const key = createKeyPair('ed25519');
  const folder = createPackage(key);
  const { bundlePath, hint } = await signPackage(folder, { keyPem: key.keyPem });
  expect(JSON.parse(readFileSync(bundlePath, 'utf8'))).toEqual({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint }, tlogEntries: [] },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: expect.any(String) as string },
      signature: expect.any(String) as string,
    },
  });
});

test('replaces a link in the place of the bundle, and leaves what it points to alone', async () => {
  const key = createKeyPair();
  const folder = createPackage(key);
  const bundlePath = join(folder, 'locara.json.sigstore.json');
  const target = join(createTemporaryFolder(), 'target');
  writeFileSync(target, 'untouched');
  rmSync(bundlePath);
  symlinkSync(target, bundlePath);
  await signPackage(folder, { keyPem: key.keyPem });
  expect(readFileSync(target, 'utf8')).toBe('untouched');
  expect(lstatSync(bundlePath).isFile()).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['locara.json', 'locara.json.sigstore.json']);
});

test('does not sign a manifest that no daemon would install', async () => {
  const key = createKeyPair();
  const folder = createPackage(key);
  writeFileSync(join(folder, 'locara.json'), createManifest({ version: 'one' }));
  const failure = await failureOf(() => signPackage(folder, { keyPem: key.keyPem }));
  expect(failure).toMatchObject({ reason: 'InvalidManifest', exitCode: 1 });
  expect(failure.message).toContain('version');
});

test('says so when there is no manifest, or no key that can sign', async () => {
  const key = createKeyPair();
  const empty = createTemporaryFolder();
  expect(await failureOf(() => signPackage(empty, { keyPem: key.keyPem }))).toMatchObject({
    reason: 'NoManifest',
  });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  for (const keyPem of ['hello', key.publicKeyPem, rsa.export({ type: 'pkcs8', format: 'pem' })]) {
    expect(await failureOf(() => signPackage(createPackage(key), { keyPem }))).toMatchObject({
      reason: 'InvalidKey',
      exitCode: 2,
    });
  }
});

describe('the development key', () => {
  test('is made once, readable by its owner alone, its public half beside it', async () => {
    const path = join(createTemporaryFolder(), 'config', 'development-key.pem');
    const first = await loadOrCreateDevelopmentKey(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(first.publicKeyPath).toBe(path.replace('.pem', '.pub.pem'));
    expect(readFileSync(first.publicKeyPath, 'utf8')).toBe(first.publicKeyPem);
    expect(await loadOrCreateDevelopmentKey(path)).toEqual(first);
  });

  test('is one key even when two processes make it at once', async () => {
    const folder = createTemporaryFolder();
    const path = join(folder, 'development-key.pem');
    const made = await Promise.all([1, 2, 3].map(() => loadOrCreateDevelopmentKey(path)));
    expect(new Set(made.map(({ keyPem }) => keyPem)).size).toBe(1);
    expect(readdirSync(folder).sort()).toEqual(['development-key.pem', 'development-key.pub.pem']);
  });

  test('is refused when others can read it', async () => {
    const path = join(createTemporaryFolder(), 'development-key.pem');
    await loadOrCreateDevelopmentKey(path);
    chmodSync(path, 0o644);
    expect(await failureOf(() => loadOrCreateDevelopmentKey(path))).toMatchObject({
      reason: 'KeyNotPrivate',
    });
  });
});
