import { Base64, parseStrictJson, parseUnknown } from '@locara/protocol';
import * as z from 'zod';
import { MAX_BUNDLE_BYTES } from '../../workers/verify/ops.ts';
import { refusePackage } from './refuse-package.ts';

/** More than the bundle of a managed key can have, whose every field is bounded; whitespace included. */
const MAX_MANAGED_BYTES = 4 * 1024;
const BUNDLE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/** One message signature by a managed key, nothing else in it. */
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
export type ManagedKeyBundle = z.output<typeof ManagedKeyBundle>;

/** As much of a bundle with a certificate as says that it is one; the keyless verifier reads the rest. */
const CertificateBundle = z.strictObject({
  mediaType: z.literal([BUNDLE_MEDIA_TYPE, 'application/vnd.dev.sigstore.bundle+json;version=0.3']),
  verificationMaterial: z.looseObject({
    certificate: z.unknown().refine((value) => value !== undefined),
    publicKey: z.undefined().optional(),
    x509CertificateChain: z.undefined().optional(),
  }),
  messageSignature: z.looseObject({}),
});

/** How a bundle claims to have been signed. */
export type BundleShape =
  { readonly kind: 'key'; readonly bundle: ManagedKeyBundle } | { readonly kind: 'certificate' };

/**
 * Which of the two kinds of bundle this is; everything else is refused. Larger ones than a managed key's
 * are not read here, where they would keep everybody waiting: the keyless verifier reads them in a process
 * of its own, and `assertCertificateShape` after it.
 */
export function readBundleShape(bytes: Uint8Array): BundleShape {
  if (bytes.length > MAX_BUNDLE_BYTES) throw refusePackage('bundle_too_large');
  if (bytes.length > MAX_MANAGED_BYTES) return { kind: 'certificate' };
  const document = parseDocument(bytes);
  const managed = parseUnknown(ManagedKeyBundle, document);
  if (managed.success) return { kind: 'key', bundle: managed.data };
  if (parseUnknown(CertificateBundle, document).success) return { kind: 'certificate' };
  throw refusePackage(hasLogEntries(document) ? 'log_entries' : 'bundle_malformed');
}

/** Asserts of a bundle that the keyless verifier accepted that it is one of the kind that apps have. */
export function assertCertificateShape(bytes: Uint8Array): void {
  if (!parseUnknown(CertificateBundle, parseDocument(bytes)).success) {
    throw refusePackage('bundle_malformed');
  }
}

function parseDocument(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    throw refusePackage('bundle_malformed', error);
  }
}

/** One spelling for the same bytes, so that no second bundle says the same. */
function isCanonical(base64: string): boolean {
  return Buffer.from(base64, 'base64').toString('base64') === base64;
}

const KeyWithLogs = z.object({
  verificationMaterial: z.object({
    publicKey: z.unknown().refine((value) => value !== undefined),
    certificate: z.undefined().optional(),
    tlogEntries: z.unknown().optional(),
    timestampVerificationData: z.unknown().optional(),
  }),
});

/** A managed key's bundle with entries of a log or a timestamp authority: said by name. */
function hasLogEntries(document: unknown): boolean {
  const parsed = parseUnknown(KeyWithLogs, document);
  if (!parsed.success) return false;
  const { tlogEntries, timestampVerificationData } = parsed.data.verificationMaterial;
  const hasEntries = Array.isArray(tlogEntries) && tlogEntries.length > 0;
  return hasEntries || timestampVerificationData !== undefined;
}
