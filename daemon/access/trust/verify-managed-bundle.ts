import { createHash, verify } from 'node:crypto';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, Verifier } from '@sigstore/verify';
import type { ManagedKeyBundle } from './bundle-shape.ts';
import { refusePackage } from './refuse-package.ts';
import type { TrustedManagedKey } from './trust-list.ts';

/** Throws Unauthenticated unless the key signed exactly these bytes. */
export function assertSignedByKey(
  key: TrustedManagedKey,
  artifact: Uint8Array,
  bundle: ManagedKeyBundle,
): void {
  if (!isSignedBy(key, artifact, bundle)) throw refusePackage('signature_mismatch');
}

/** Throws Unauthenticated unless the bundle speaks of these bytes; comes first, for it needs no key. */
export function assertBundleDigest(artifact: Uint8Array, bundle: ManagedKeyBundle): void {
  const digest = createHash('sha256').update(artifact).digest('base64');
  if (bundle.messageSignature.messageDigest.digest !== digest) {
    throw refusePackage('digest_mismatch');
  }
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
