import type { Signer, TrustedIdentity, TrustedKey } from '@locara/protocol';
import { assertCertificateShape, readBundleShape } from './bundle-shape.ts';
import type { KeylessProof, KeylessVerifier } from './keyless-verifier.ts';
import { refusePackage } from './refuse-package.ts';
import { identitySignerId, keySignerId } from './signer-id.ts';
import { PUBLIC_GOOD, type TrustList } from './trust-list.ts';
import { assertBundleDigest, assertSignedByKey } from './verify-managed-bundle.ts';

type Scope = TrustedKey['scope'];

/** What a signature is wanted for: only trust given for it counts. There is no purpose that all trust fits. */
export type SigningPurpose = 'app' | 'revocations';

const SCOPES: Readonly<Record<SigningPurpose, readonly Scope[]>> = {
  app: ['sideloading', 'development'],
  revocations: ['revocation'],
};

/** Whose signatures count, and what verifies them. */
export interface SignatureTrust {
  readonly trustList: Pick<TrustList, 'find' | 'list' | 'readRoot'>;
  readonly keyless: KeylessVerifier;
  /** The text of the public-good instance's trusted_root.json, which comes with the daemon. */
  readonly publicGoodRoot: string;
}

export interface SignedBytes {
  readonly artifactBytes: Uint8Array;
  readonly bundleBytes: Uint8Array;
}

/** Who signed, and the trust that made it count. */
export interface VerifiedSignature {
  readonly signer: Signer;
  /** Only apps of this publisher; any when absent. */
  readonly publisher: string | undefined;
}

/**
 * Verifies offline that somebody trusted for this purpose signed exactly these bytes.
 * Every other outcome, malformed input included, is `Unauthenticated` with `details.rule`; a trust list
 * or trusted root that cannot be relied on is Unavailable.
 */
export async function verifyBundle(
  signed: SignedBytes,
  trust: SignatureTrust,
  purpose: SigningPurpose,
): Promise<VerifiedSignature> {
  const scopes = SCOPES[purpose];
  const shape = readBundleShape(signed.bundleBytes);
  if (shape.kind === 'certificate') return verifyKeyless(signed, trust, scopes);
  assertBundleDigest(signed.artifactBytes, shape.bundle);
  const key = await trust.trustList.find(shape.bundle.verificationMaterial.publicKey.hint);
  if (key === undefined || !scopes.includes(key.scope)) throw refusePackage('untrusted_key');
  await assertSignedByKey(key, signed.artifactBytes, shape.bundle);
  return { signer: describeKey(key), publisher: key.publisher };
}

async function verifyKeyless(
  signed: SignedBytes,
  { trustList, keyless, publicGoodRoot }: SignatureTrust,
  scopes: readonly Scope[],
): Promise<VerifiedSignature> {
  const { identities } = await trustList.list();
  const candidates = identities.filter(({ scope }) => scopes.includes(scope));
  if (candidates.length === 0) throw refusePackage('untrusted_identity');
  const readRoot = (root: string): string | Promise<string> =>
    root === PUBLIC_GOOD ? publicGoodRoot : trustList.readRoot(root);
  const policies = await Promise.all(
    candidates.map(async (candidate) => ({
      identity: candidate.identity,
      issuer: candidate.issuer,
      trustedRoot: await readRoot(candidate.root),
      sourceRepositoryId: candidate.sourceRepositoryId,
      sourceRepositoryOwnerId: candidate.sourceRepositoryOwnerId,
    })),
  );
  const proof = await keyless.verify({ ...signed, policies });
  assertCertificateShape(signed.bundleBytes);
  const trusted = candidates[proof.policy];
  if (trusted === undefined || !isProofOf(trusted, proof)) {
    throw refusePackage('untrusted_identity');
  }
  return { signer: describeIdentity(trusted, proof), publisher: trusted.publisher };
}

/** Asked again of what the verifier proved: an identity is never accepted on the number of its policy alone. */
function isProofOf(trusted: TrustedIdentity, { provenance }: KeylessProof): boolean {
  const { sourceRepositoryId, sourceRepositoryOwnerId } = trusted;
  return (
    provenance.identity === trusted.identity &&
    provenance.issuer === trusted.issuer &&
    (sourceRepositoryId ?? provenance.sourceRepositoryId) === provenance.sourceRepositoryId &&
    (sourceRepositoryOwnerId ?? provenance.sourceRepositoryOwnerId) ===
      provenance.sourceRepositoryOwnerId
  );
}

function describeKey({ hint, scope, name }: TrustedKey): Signer {
  const kind = scope === 'development' ? 'development key' : 'key you trust';
  return { id: keySignerId(hint), words: `${kind} “${name}”`, scope };
}

function describeIdentity(
  { root, scope, name }: TrustedIdentity,
  { provenance, signedAt }: KeylessProof,
): Signer {
  const kind = scope === 'development' ? 'development identity' : 'identity you trust';
  return {
    id: identitySignerId(root, provenance),
    words: `${kind} “${name}” (${provenance.identity})`,
    scope,
    signedAt,
    provenance,
  };
}
