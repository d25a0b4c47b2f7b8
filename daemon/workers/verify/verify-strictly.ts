import { createPublicKey, type KeyObject } from 'node:crypto';
import { RpcError } from '@locara/protocol/errors';
import type { Bundle } from '@sigstore/bundle';
import { type SignedEntity, toSignedEntity, VerificationError, Verifier } from '@sigstore/verify';
import { verifiesDigest } from './digest-signature.ts';
import { type Digests, digestsOf, readSignedDigest, type SignedDigest } from './digests.ts';
import { assertSubject } from './in-toto-subject.ts';
import { assertEntryNames } from './log-entry-signer.ts';
import { assertIdentity, pickRefusal } from './match-identity.ts';
import type {
  Artifact,
  KeyRequirement,
  VerificationRule,
  VerifyParams,
  VerifyResult,
} from './ops.ts';
import { parseBundle } from './parse-bundle.ts';
import { refuse, refusingAs } from './refuse.ts';
import { readSigningCertificate, type SigningCertificate } from './signing-certificate.ts';
import { parseTrustMaterial } from './trust-material.ts';

/** What was read of a bundle before any of it is believed. */
interface Evidence {
  readonly bundle: Bundle;
  readonly entity: SignedEntity;
  readonly certificate: SigningCertificate | undefined;
  readonly digests: Digests;
}

/**
 * The strict wrapper around @sigstore/verify: a bundle is accepted when one of the named signers signed
 * this artifact, a log that this signer's trusted root knows says so, and a time is proved. Throws an
 * RpcError `Unauthenticated` with a VerificationRule, whatever the bytes are. The library's own policies
 * (patterns without anchors, or none at all) are never used.
 */
export function verifyStrictly({ bundleBytes, artifact, signers }: VerifyParams): VerifyResult {
  const evidence = readEvidence(bundleBytes, artifact);
  const proveOnce = memoize((trustedRoot) => proveSignature(evidence, { trustedRoot }));
  const refusals: RpcError[] = [];
  for (const [signer, requirement] of signers.entries()) {
    try {
      if ('publicKeyPem' in requirement) {
        return { signer, signedAt: proveSignature(evidence, requirement) };
      }
      const { provenance } = evidence.certificate ?? missingCertificate();
      const signedAt = proveOnce(requirement.trustedRoot);
      assertIdentity(provenance, requirement);
      return { signer, provenance, signedAt };
    } catch (error) {
      refusals.push(toRefusal(error));
    }
  }
  throw pickRefusal(refusals);
}

function readEvidence(bundleBytes: Uint8Array, artifact: Artifact): Evidence {
  const bundle = parseBundle(bundleBytes);
  const certificate = readSigningCertificate(bundle);
  const digests = digestsOf(artifact);
  const { content } = bundle;
  const signed =
    content.$case === 'messageSignature'
      ? readSignedDigest(content.messageSignature, digests)
      : undefined;
  const entity = refusingAs('timestamp', () => readEntity(bundle, artifact, signed));
  return { bundle, entity, certificate, digests };
}

function readEntity(
  bundle: Bundle,
  artifact: Artifact,
  signed: SignedDigest | undefined,
): SignedEntity {
  if ('bytes' in artifact) return toSignedEntity(bundle, Buffer.from(artifact.bytes));
  const entity = toSignedEntity(bundle);
  if (signed === undefined) return entity;
  // Without the bytes the library cannot verify: the same content, whose signature is over the digest.
  const verifySignature = (key: KeyObject): boolean =>
    verifiesDigest(key, signed, entity.signature.signature);
  return { ...entity, signature: Object.assign(entity.signature, { verifySignature }) };
}

/** Returns the proven time. The signer is the bundle's certificate, or else that key. */
function proveSignature(
  { bundle, entity, certificate, digests }: Evidence,
  { trustedRoot, publicKeyPem }: Pick<KeyRequirement, 'trustedRoot'> & Partial<KeyRequirement>,
): string {
  const key = publicKeyPem === undefined ? undefined : readKey(publicKeyPem);
  const signer = key === undefined ? certificate?.der : spkiOf(key);
  if (signer === undefined || (key === undefined) === (certificate === undefined)) {
    throw refuse('wrong_material');
  }
  // Thresholds are the library's own: one log entry, one certificate log, one time.
  new Verifier(parseTrustMaterial(trustedRoot, key)).verify(entity);
  for (const entry of entity.tlogEntries) assertEntryNames(entry, signer);
  if (bundle.content.$case === 'dsseEnvelope') {
    assertSubject(bundle.content.dsseEnvelope, digests);
  }
  return earliestTime(entity);
}

/**
 * Every one of these times was verified. Each says "no later than", so together they say the earliest;
 * whoever passes a bundle on can add a later timestamp, and nobody can add an earlier one.
 */
function earliestTime({ timestamps }: SignedEntity): string {
  const times = timestamps.flatMap((timestamp) => {
    if (timestamp.$case === 'timestamp-authority')
      return [timestamp.timestamp.signingTime.getTime()];
    const { inclusionPromise, integratedTime } = timestamp.tlogEntry;
    return inclusionPromise === undefined ? [] : [Number(integratedTime) * 1000];
  });
  return refusingAs('timestamp', () => new Date(Math.min(...times)).toISOString());
}

/** Of a private key node:crypto would take the public half, and nobody would notice. */
function readKey(pem: string): KeyObject {
  if (pem.includes('PRIVATE KEY')) throw refuse('unreadable_key');
  return refusingAs('unreadable_key', () => createPublicKey(pem));
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function missingCertificate(): never {
  throw refuse('wrong_material');
}

const RULES: readonly (readonly [code: string, rule: VerificationRule])[] = [
  ['TIMESTAMP', 'timestamp'],
  ['CERTIFICATE', 'certificate'],
  ['PUBLIC_KEY', 'wrong_material'],
  ['TLOG', 'log_entry'],
  ['SIGNATURE', 'signature_mismatch'],
];

/** The library also throws TypeError, SyntaxError and plain Error at malformed input. */
function toRefusal(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  const code = error instanceof VerificationError ? error.code : '';
  return refuse(RULES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'bundle_malformed');
}

/** One attempt for each trusted root, however many signers share it. */
function memoize(prove: (trustedRoot: string) => string): (trustedRoot: string) => string {
  const outcomes = new Map<string, () => string>();
  return (trustedRoot) => {
    const known = outcomes.get(trustedRoot) ?? settle(() => prove(trustedRoot));
    outcomes.set(trustedRoot, known);
    return known();
  };
}

function settle(run: () => string): () => string {
  try {
    const value = run();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
