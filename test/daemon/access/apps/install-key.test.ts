import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  alignCredentials,
  generateInstallKey,
  renderCredentials,
} from '../../../../daemon/access/apps/credentials-file.ts';
import { chooseInstallKey, type KeyChoice } from '../../../../daemon/access/apps/install-key.ts';
import { createApp, MAC_BUILD } from '../../../support/handshake-bench.ts';
import { createTemporaryFolder } from '../../../support/signed-package.ts';

const plain = createApp().record;
const signed = createApp({ build: MAC_BUILD }).record;

function choiceOf(changes: Partial<KeyChoice> = {}): KeyChoice {
  const { manifest, attestation } = signed;
  const credentials = join(createTemporaryFolder(), 'credentials.json');
  return {
    manifest,
    attestation,
    installed: undefined,
    credentials,
    platform: 'darwin',
    ...changes,
  };
}

describe('an app whose code macOS recognises', () => {
  test('gets no private key: it makes its own', async () => {
    const chosen = await chooseInstallKey(choiceOf());
    expect(chosen).toEqual({ publicKey: expect.any(Buffer) as Buffer });
    expect(chosen.publicKey).toHaveLength(32);
  });

  test('keeps the key it enrolled over an update', async () => {
    const { publicKey } = await chooseInstallKey(choiceOf({ installed: signed }));
    expect(publicKey).toEqual(signed.installPublicKey);
  });

  test('does not keep the key that an earlier version had in its credentials', async () => {
    const { publicKey } = await chooseInstallKey(choiceOf({ installed: plain }));
    expect(publicKey).not.toEqual(plain.installPublicKey);
  });
});

test.each([
  ['on Linux', { platform: 'linux' as const }],
  ['that declares none', { manifest: plain.manifest }],
  ['of development, which never counts as recognised', { attestation: 'development' as const }],
])('an app %s gets a private key in its credentials', async (_, changes) => {
  const { privateKeyPem } = await chooseInstallKey(choiceOf(changes));
  expect(privateKeyPem).toContain('PRIVATE KEY');
});

test('credentials without a key are aligned with the record after a crash', async () => {
  const path = join(createTemporaryFolder(), 'credentials.json');
  const { publicKey } = generateInstallKey();
  const credentials = { appId: 'a/b', daemonPublicKey: 'AA==', socket: '/s' };
  writeFileSync(path, renderCredentials({ ...credentials, manifestDigest: 'sha256:new' }));
  await alignCredentials(path, { manifestDigest: 'sha256:old', installPublicKey: publicKey });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
    ...credentials,
    manifestDigest: 'sha256:old',
  });
});
