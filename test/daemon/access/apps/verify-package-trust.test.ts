import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { BUNDLE_FILE, type Provenance } from '@locara/protocol';
import { identitySignerId } from '../../../../daemon/access/trust/signer-id.ts';
import {
  type AddedIdentity,
  createTrustList,
  type TrustList,
} from '../../../../daemon/access/trust/trust-list.ts';
import { verifyPackage } from '../../../../daemon/access/apps/verify-package.ts';
import { answering, trustOf } from '../../../support/bundles.ts';
import {
  createKeyPair,
  createPackage,
  createTemporaryFolder,
  ruleOf,
} from '../../../support/signed-package.ts';

const SIGNED_AT = '2026-11-01T00:00:00Z';
const ada: AddedIdentity = {
  name: 'Ada',
  identity: 'https://github.com/acme/notes/.github/workflows/release.yml@refs/tags/v1',
  issuer: 'https://token.actions.githubusercontent.com',
  scope: 'sideloading',
};
const provenance: Provenance = {
  identity: ada.identity,
  issuer: ada.issuer,
  sourceRepositoryId: '11',
  sourceRepositoryOwnerId: '22',
};
const proof = { policy: 0, provenance, signedAt: SIGNED_AT };

let list: TrustList;
beforeEach(() => {
  list = createTrustList({ path: join(createTemporaryFolder(), 'trust.json') });
});

/** A package with a bundle that claims a certificate. */
function createCertified(changes: Record<string, unknown> = {}): string {
  const folder = createPackage(createKeyPair());
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { certificate: { rawBytes: 'AAAA' }, tlogEntries: [] },
    messageSignature: { messageDigest: {}, signature: 'AAAA' },
    ...changes,
  };
  writeFileSync(join(folder, BUNDLE_FILE), JSON.stringify(bundle));
  return folder;
}

describe('a key', () => {
  const key = createKeyPair();
  const { publicKeyPem } = key;

  test('for development marks the app as a development app', async () => {
    await list.add({ name: 'Ada', publicKeyPem, scope: 'development' });
    const verified = await verifyPackage(createPackage(key), trustOf(list));
    expect(verified).toMatchObject({
      attestation: 'development',
      signer: { id: expect.stringMatching(/^key:/) as string, scope: 'development' },
    });
  });

  test('for revocation lists signs no app', async () => {
    await list.add({ name: 'Ada', publicKeyPem, scope: 'revocation' });
    expect(await ruleOf(() => verifyPackage(createPackage(key), trustOf(list)))).toBe(
      'Unauthenticated untrusted_key',
    );
  });

  test('limited to a publisher signs the apps of that publisher alone', async () => {
    await list.add({ name: 'Ada', publicKeyPem, scope: 'sideloading', publisher: 'acme' });
    const verified = await verifyPackage(createPackage(key), trustOf(list));
    expect(verified.appId).toBe('acme/notes');
    for (const publisher of ['acme-2', 'other']) {
      const path = createPackage(key, { publisher });
      expect(await ruleOf(() => verifyPackage(path, trustOf(list)))).toBe(
        'Unauthenticated publisher_mismatch',
      );
    }
  });
});

describe('an identity', () => {
  test('is proved against exactly what the user trusts for apps', async () => {
    await list.addIdentity(ada);
    await list.addIdentity({ ...ada, name: 'Lists', identity: 'lists@x.y', scope: 'revocation' });
    const keyless = answering(proof);
    const verified = await verifyPackage(createCertified(), trustOf(list, keyless));
    expect(keyless.asked.map(({ policies }) => policies)).toEqual([
      [
        {
          identity: ada.identity,
          issuer: ada.issuer,
          trustedRoot: 'the public-good root',
          sourceRepositoryId: undefined,
          sourceRepositoryOwnerId: undefined,
        },
      ],
    ]);
    expect(verified.signer).toEqual({
      id: 'sigstore:public-good:https%3A%2F%2Ftoken.actions.githubusercontent.com#repository=11&owner=22',
      words: `identity you trust “Ada” (${ada.identity})`,
      scope: 'sideloading',
      signedAt: SIGNED_AT,
      provenance,
    });
    expect(verified.attestation).toBe('install-key');
  });

  test('attack 23: without a trusted identity nobody is asked, and it is refused', async () => {
    await list.addIdentity({ ...ada, scope: 'revocation' });
    const keyless = answering(proof);
    expect(await ruleOf(() => verifyPackage(createCertified(), trustOf(list, keyless)))).toBe(
      'Unauthenticated untrusted_identity',
    );
    expect(keyless.asked).toEqual([]);
  });

  test.each([
    ['another identity', { ...proof, provenance: { ...provenance, identity: 'x' } }],
    ['another issuer', { ...proof, provenance: { ...provenance, issuer: 'https://x.y' } }],
    [
      'attack 22: another repository',
      { ...proof, provenance: { ...provenance, sourceRepositoryId: '12' } },
    ],
    ['no repository', { ...proof, provenance: { identity: ada.identity, issuer: ada.issuer } }],
    ['a policy that was not asked', { ...proof, policy: 1 }],
  ])('is refused when the proof is for %s', async (_, wrong) => {
    await list.addIdentity({ ...ada, sourceRepositoryId: '11' });
    const trust = trustOf(list, answering(wrong));
    expect(await ruleOf(() => verifyPackage(createCertified(), trust))).toBe(
      'Unauthenticated untrusted_identity',
    );
  });

  test('limited to another publisher is refused', async () => {
    await list.addIdentity({ ...ada, publisher: 'other' });
    const trust = trustOf(list, answering(proof));
    expect(await ruleOf(() => verifyPackage(createCertified(), trust))).toBe(
      'Unauthenticated publisher_mismatch',
    );
  });

  test.each([
    ['attack 24: a DSSE envelope', { messageSignature: undefined, dsseEnvelope: {} }],
    [
      'a key beside the certificate',
      { verificationMaterial: { certificate: {}, publicKey: { hint: 'AAAA' } } },
    ],
    ['attack 25: a chain', { verificationMaterial: { x509CertificateChain: {} } }],
    ['version 0.1', { mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1' }],
  ])('never reaches the verifier with %s', async (_, changes) => {
    await list.addIdentity(ada);
    const keyless = answering(proof);
    const path = createCertified(changes);
    expect(await ruleOf(() => verifyPackage(path, trustOf(list, keyless)))).toBe(
      'Unauthenticated bundle_malformed',
    );
    expect(keyless.asked).toEqual([]);
  });
});

test('no identity can be spelled to have the id of another signer', () => {
  const numbered = identitySignerId('public-good', provenance);
  const bait = (identity: string, issuer = ada.issuer) =>
    identitySignerId('public-good', { identity, issuer });
  expect(bait('repository=11&owner=22')).not.toBe(numbered);
  expect(bait('x', `${ada.issuer}#repository=11&owner=22`)).not.toContain('#repository=');
  expect(identitySignerId('sha256:00', provenance)).not.toBe(numbered);
});
