import { createHash, type KeyObject, verify } from 'node:crypto';
import { promisify } from 'node:util';
import type { ManagedKeyBundle } from './bundle-shape.ts';
import { refusePackage } from './refuse-package.ts';
import type { TrustedManagedKey } from './trust-list.ts';

/** With a callback node:crypto works beside the event loop. */
const verifyAside = promisify(
  (
    algorithm: 'sha256' | null,
    signed: { readonly bytes: Uint8Array; readonly key: KeyObject; readonly signature: Uint8Array },
    done: (error: Error | null, holds?: boolean) => void,
  ) => {
    verify(algorithm, signed.bytes, signed.key, signed.signature, done);
  },
);

/**
 * Throws Unauthenticated unless the key signed exactly these bytes. Nothing else is in such a bundle that
 * @sigstore/verify could judge: no certificate, no log, no timestamp; so it is not loaded for it.
 */
export async function assertSignedByKey(
  key: TrustedManagedKey,
  bytes: Uint8Array,
  bundle: ManagedKeyBundle,
): Promise<void> {
  const signature = Buffer.from(bundle.messageSignature.signature, 'base64');
  const algorithm = key.algorithm === 'ed25519' ? null : 'sha256';
  const signed = { bytes, key: key.publicKey, signature };
  const holds = await verifyAside(algorithm, signed).catch(() => false);
  if (holds !== true) throw refusePackage('signature_mismatch');
}

/** Throws Unauthenticated unless the bundle speaks of these bytes; comes first, for it needs no key. */
export function assertBundleDigest(artifact: Uint8Array, bundle: ManagedKeyBundle): void {
  const digest = createHash('sha256').update(artifact).digest('base64');
  if (bundle.messageSignature.messageDigest.digest !== digest) {
    throw refusePackage('digest_mismatch');
  }
}
