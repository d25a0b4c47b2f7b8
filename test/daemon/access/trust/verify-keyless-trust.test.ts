import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { BUNDLE_FILE, MANIFEST_FILE } from '@locara/protocol';
import { createKeylessVerifier } from '../../../../daemon/access/trust/create-keyless-verifier.ts';
import { readPublicGoodRoot } from '../../../../daemon/access/trust/public-good-root.ts';
import { createRevocations } from '../../../../daemon/access/trust/revocations.ts';
import { createTrustList, type TrustList } from '../../../../daemon/access/trust/trust-list.ts';
import type { SignatureTrust } from '../../../../daemon/access/trust/verify-bundle.ts';
import { verifyPackage } from '../../../../daemon/access/apps/verify-package.ts';
import { revocationList, writeList } from '../../../support/revocation-lists.ts';
import {
  createSigstoreLab,
  type LabSigner,
  type SigstoreLab,
} from '../../../support/sigstore-lab.ts';
import {
  createKeyPair,
  createPackage,
  createTemporaryFolder,
  ruleOf,
} from '../../../support/signed-package.ts';

const release: LabSigner = {
  san: 'https://github.com/acme/notes/.github/workflows/release.yml@refs/tags/v1',
  issuer: 'https://token.actions.githubusercontent.com',
  repositoryId: '11',
  ownerId: '22',
};
const acme = { name: 'Acme', identity: release.san, issuer: release.issuer } as const;

let lab: SigstoreLab;
let publicGoodRoot: string;
let folder: string;
let trustList: TrustList;
let trust: SignatureTrust;

beforeAll(async () => {
  lab = await createSigstoreLab();
  publicGoodRoot = await readPublicGoodRoot();
});
beforeEach(() => {
  folder = createTemporaryFolder();
  trustList = createTrustList({ path: join(folder, 'trust.json') });
  trust = { trustList, keyless: createKeylessVerifier(), publicGoodRoot };
});

async function createSigned(signer: LabSigner = release): Promise<string> {
  const path = createPackage(createKeyPair());
  const bundle = await lab.signMessage(readFileSync(join(path, MANIFEST_FILE)), signer);
  writeFileSync(join(path, BUNDLE_FILE), bundle);
  return path;
}

test('a package signed by a trusted identity of the user’s own root is verified, with its source', async () => {
  const trustedRoot = lab.trustedRootText;
  const { root } = await trustList.addIdentity({ ...acme, trustedRoot, scope: 'sideloading' });
  const { signer, appId } = await verifyPackage(await createSigned(), trust);
  expect(appId).toBe('acme/notes');
  expect(signer).toMatchObject({
    id: `sigstore:${root}:${encodeURIComponent(release.issuer)}#repository=11&owner=22`,
    scope: 'sideloading',
    provenance: { identity: release.san, issuer: release.issuer, sourceRepositoryId: '11' },
  });
  expect(Date.parse(signer.signedAt ?? '')).toBe(Date.parse(lab.signedAt));
});

test('attack 24: a statement about the manifest, by a trusted identity, is no signature of the package', async () => {
  const trustedRoot = lab.trustedRootText;
  await trustList.addIdentity({ ...acme, trustedRoot, scope: 'sideloading' });
  const path = await createSigned();
  const manifest = readFileSync(join(path, MANIFEST_FILE));
  const sha256 = createHash('sha256').update(manifest).digest('hex');
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: MANIFEST_FILE, digest: { sha256 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {},
  };
  writeFileSync(join(path, BUNDLE_FILE), await lab.signStatement(statement, release));
  expect(await ruleOf(() => verifyPackage(path, trust))).toBe('Unauthenticated bundle_malformed');
});

test('among several trusted identities the one that signed is found', async () => {
  const trustedRoot = lab.trustedRootText;
  await trustList.addIdentity({ ...acme, scope: 'sideloading' });
  await trustList.addIdentity({
    ...acme,
    name: 'Other',
    identity: 'x@y.z',
    scope: 'development',
    trustedRoot,
  });
  await trustList.addIdentity({ ...acme, name: 'Lab', scope: 'development', trustedRoot });
  const { signer, attestation } = await verifyPackage(await createSigned(), trust);
  expect(signer.words).toContain('“Lab”');
  expect(attestation).toBe('development');
});

test.each<[string, Partial<LabSigner>]>([
  ['attack 22: an identity that only begins like the trusted one', { san: `${release.san}.evil` }],
  ['attack 22: githubXcom', { san: release.san.replace('github.com', 'githubXcom') }],
  ['attack 22: another issuer', { issuer: 'https://token.actions.evil.example' }],
  ['attack 22: another repository of the same name', { repositoryId: '12' }],
])('%s is refused', async (_, change) => {
  const trustedRoot = lab.trustedRootText;
  const narrow = { ...acme, trustedRoot, sourceRepositoryId: '11', scope: 'sideloading' } as const;
  await trustList.addIdentity(narrow);
  const path = await createSigned({ ...release, ...change });
  expect(await ruleOf(() => verifyPackage(path, trust))).toMatch(
    /^Unauthenticated (untrusted_identity|wrong_issuer|wrong_repository)$/,
  );
});

test('the root of another instance vouches for nobody here', async () => {
  await trustList.addIdentity({ ...acme, scope: 'sideloading' });
  expect(await ruleOf(async () => verifyPackage(await createSigned(), trust))).toMatch(
    /^Unauthenticated /,
  );
});

test('attack 36: a revocation list is taken from an identity trusted for lists, not from one for apps', async () => {
  const trustedRoot = lab.trustedRootText;
  const path = writeList(revocationList(1, [{ reason: 'Why.', publisher: 'acme' }]));
  writeFileSync(`${path}.sigstore.json`, await lab.signMessage(readFileSync(path), release));
  const revocations = await createRevocations({
    path: join(folder, 'revocations.json'),
    trust,
    log: { warn: () => undefined },
  });
  await trustList.addIdentity({ ...acme, trustedRoot, scope: 'sideloading' });
  expect(await ruleOf(() => revocations.import(path))).toBe('Unauthenticated untrusted_identity');
  await trustList.remove('Acme');
  await trustList.addIdentity({ ...acme, trustedRoot, scope: 'revocation' });
  expect((await revocations.import(path)).state).toMatchObject({ seq: 1, entries: 1 });
});
