import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPublicGoodRoot } from '../../../../daemon/access/trust/public-good-root.ts';
import type { Artifact, SignerRequirement } from '../../../../daemon/workers/verify/ops.ts';
import { verdictOf } from '../../../support/verification-rule.ts';

const FOLDER = join(import.meta.dirname, '../../../fixtures/sigstore-bundles');
const read = (file: string): Buffer => readFileSync(join(FOLDER, file));

const trustedRoot = await readPublicGoodRoot();
const GOOGLE = 'https://accounts.google.com';
const GITHUB = 'https://github.com/login/oauth';
const robot = by('untrusted-sa@sigstore-conformance.iam.gserviceaccount.com', GOOGLE);
const npm = { publicKeyPem: read('npm-publish.pub.pem').toString('utf8'), trustedRoot };
/** What npm's two bundles are about: sigstore@1.3.0, by its sha512 alone. */
const sigstoreJs = {
  sha256: '0'.repeat(64),
  sha512:
    '76176ffa33808b54602c7c35de5c6e9a4deb96066dba6533f50ac234f4f1f4c6b3527515dc17c06fbe2860030f410eee69ea20079bd3a2c6f3dcf3b329b10751',
};
const python = {
  sha256: '38dc4e2c261d49c661196066edbfb70fdb16be4a79cc8220c224dfeb5636d405',
};
const image = {
  sha256: '732112270d7e59418a8c080b134b24cabd67d250d0d0147a97ed95ba5c280aa4',
};
const bytes = read('artifact.txt');
const digests = {
  sha256: digest('sha256'),
  sha384: digest('sha384'),
  sha512: digest('sha512'),
};

describe('a real bundle that is not in the suite', () => {
  test.each<[what: string, file: string, artifact: Artifact, signer: SignerRequirement]>([
    ['with a proof that has no checkpoint', 'python-3.12.5.tgz', python, by('thomas@python.org')],
    ['by a P-384 key over SHA-384', 'ecdsa-p384-sha-384', { bytes }, robot],
    ['by a P-384 key over a SHA-384 digest', 'ecdsa-p384-sha-384', digests, robot],
    ['by a P-521 key over SHA-512', 'ecdsa-p521-sha-512', { bytes }, robot],
    ['by a P-521 key over a SHA-512 digest', 'ecdsa-p521-sha-512', digests, robot],
    ['by an RSA key', 'rsa-2048-sha256', { bytes }, robot],
    ['by an RSA key over a digest', 'rsa-2048-sha256', digests, robot],
    ["by npm's own key", 'npm-publish', sigstoreJs, npm],
    ['of a container image', 'oci-attestation', image, by('cody@soyland.com', GITHUB)],
  ])('is accepted: %s', (_, file, artifact, signer) => {
    const bundleBytes = read(`${file}.sigstore.json`);
    expect(verdictOf({ bundleBytes, artifact, signers: [signer] })).toBe('accepted');
  });

  test.each<[what: string, file: string, artifact: Artifact, rule: string]>([
    ['a root in its chain', 'npm-provenance-with-root', sigstoreJs, 'certificate'],
    ['two signatures', 'two-signatures', sigstoreJs, 'bundle_malformed'],
    ['a digest that the caller lacks', 'ecdsa-p384-sha-384', python, 'digest_mismatch'],
    ["another file's digest", 'rsa-2048-sha256', python, 'digest_mismatch'],
  ])('is refused for %s', (_, file, artifact, rule) => {
    const bundleBytes = read(`${file}.sigstore.json`);
    expect(verdictOf({ bundleBytes, artifact, signers: [robot] })).toBe(rule);
  });

  test('without a checkpoint is refused when the promise of the log is missing too', () => {
    const text = read('python-3.12.5.tgz.sigstore.json').toString('utf8');
    const bundle = JSON.parse(text) as {
      verificationMaterial: { tlogEntries: { inclusionPromise?: unknown }[] };
    };
    delete bundle.verificationMaterial.tlogEntries[0]?.inclusionPromise;
    const bundleBytes = Buffer.from(JSON.stringify(bundle));
    const given = { artifact: python, signers: [by('thomas@python.org')] };
    expect(verdictOf({ bundleBytes, ...given })).toBe('log_entry');
  });
});

function by(identity: string, issuer = GOOGLE): SignerRequirement {
  return { identity, issuer, trustedRoot };
}

function digest(algorithm: string): string {
  return createHash(algorithm).update(bytes).digest('hex');
}
