import { createHash, verify } from 'node:crypto';
import { Base64, parseStrictJson, parseUnknown } from '@locara/protocol';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, Verifier } from '@sigstore/verify';
import * as z from 'zod';
import { refusePackage } from './refuse-package.ts';
import type { TrustedManagedKey, TrustList } from './trust-list.ts';

export const MAX_BUNDLE_BYTES = 64 * 1024;
const BUNDLE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** The only bundle accepted so far: one message signature by a managed key, nothing else in it. */
const ManagedKeyBundle = z.strictObject({
  mediaType: z.literal(BUNDLE_MEDIA_TYPE),
  verificationMaterial: z.strictObject({
    publicKey: z.strictObject({ hint: Base64.length(44) }),
    tlogEntries: z.array(z.never()).max(0).optional(),
    timestampVerificationData: z
      .strictObject({ rfc3161Timestamps: z.array(z.never()).max(0).optional() })
      .optional(),
  }),
  messageSignature: z.strictObject({
    messageDigest: z.strictObject({
      algorithm: z.literal('SHA2_256'),
      digest: Base64.length(44),
    }),
    signature: Base64.min(4).max(512).refine(isCanonical, 'canonical base64'),
  }),
});
type ManagedKeyBundle = z.output<typeof ManagedKeyBundle>;

/** One spelling for the same bytes, so that no second bundle says the same. */
function isCanonical(base64: string): boolean {
  return Buffer.from(base64, 'base64').toString('base64') === base64;
}

/**
 * Verifies offline that a trusted managed key signed exactly these manifest bytes, and returns that key.
 * Every other outcome, malformed input included, is `Unauthenticated` with `details.rule`.
 */
export async function verifyBundle(
  signed: { readonly manifestBytes: Uint8Array; readonly bundleBytes: Uint8Array },
  trustList: Pick<TrustList, 'find'>,
): Promise<TrustedManagedKey> {
  const bundle = parseBundle(signed.bundleBytes);
  const digest = createHash('sha256').update(signed.manifestBytes).digest('base64');
  if (bundle.messageSignature.messageDigest.digest !== digest) {
    throw refusePackage('digest_mismatch');
  }
  const key = await trustList.find(bundle.verificationMaterial.publicKey.hint);
  if (key === undefined) throw refusePackage('untrusted_key');
  if (!isSignedBy(key, signed.manifestBytes, bundle)) throw refusePackage('signature_mismatch');
  return key;
}

function parseBundle(bytes: Uint8Array): ManagedKeyBundle {
  if (bytes.length > MAX_BUNDLE_BYTES) throw refusePackage('bundle_too_large');
  let document: unknown;
  try {
    document = parseStrictJson(bytes);
  } catch (error) {
    throw refusePackage('bundle_malformed', error);
  }
  const parsed = parseUnknown(ManagedKeyBundle, document);
  if (parsed.success) return parsed.data;
  throw refusePackage(nameRefusal(document));
}

const AnyBundle = z.object({ verificationMaterial: z.looseObject({}) });

/** What a bundle that is no managed-key bundle is instead, to say so clearly. */
function nameRefusal(document: unknown): 'keyless_signature' | 'log_entries' | 'bundle_malformed' {
  const parsed = parseUnknown(AnyBundle, document);
  const material = parsed.success ? parsed.data.verificationMaterial : {};
  if ('certificate' in material || 'x509CertificateChain' in material) return 'keyless_signature';
  const { publicKey, tlogEntries, timestampVerificationData } = material;
  if (publicKey !== undefined && isFilled(tlogEntries, timestampVerificationData)) {
    return 'log_entries';
  }
  return 'bundle_malformed';
}

function isFilled(entries: unknown, timestamps: unknown): boolean {
  return (Array.isArray(entries) && entries.length > 0) || timestamps !== undefined;
}

function isSignedBy(
  key: TrustedManagedKey,
  artifact: Uint8Array,
  bundle: ManagedKeyBundle,
): boolean {
  try {
    return key.algorithm === 'ed25519'
      ? isSignedByEd25519(key, artifact, bundle)
      : isSignedByEcdsa(key, artifact, bundle);
  } catch {
    return false;
  }
}

/** @sigstore/verify 4.1.3 hands the digest's name to node:crypto, which Ed25519 keys refuse: checked here instead. */
function isSignedByEd25519(
  key: TrustedManagedKey,
  artifact: Uint8Array,
  bundle: ManagedKeyBundle,
): boolean {
  const signature = Buffer.from(bundle.messageSignature.signature, 'base64');
  return verify(null, artifact, key.publicKey, signature);
}

/** Throws, or returns true. Thresholds are zero because no certificate can reach this point. */
function isSignedByEcdsa(
  key: TrustedManagedKey,
  artifact: Uint8Array,
  bundle: ManagedKeyBundle,
): boolean {
  const verifier = new Verifier(
    {
      certificateAuthorities: [],
      timestampAuthorities: [],
      tlogs: [],
      ctlogs: [],
      publicKey: () => ({ publicKey: key.publicKey, validFor: () => true }),
    },
    { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 },
  );
  const signer = verifier.verify(toSignedEntity(bundleFromJSON(bundle), Buffer.from(artifact)));
  return signer.key.equals(key.publicKey);
}
