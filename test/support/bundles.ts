import { join } from 'node:path';
import type { KeylessProof, KeylessVerifier } from '../../daemon/access/trust/keyless-verifier.ts';
import { refusePackage } from '../../daemon/access/trust/refuse-package.ts';
import { createTrustList, type TrustList } from '../../daemon/access/trust/trust-list.ts';
import {
  type SignatureTrust,
  verifyBundle,
  type VerifiedSignature,
} from '../../daemon/access/trust/verify-bundle.ts';
import { createBundle } from '../../clients/cli/sign-package.ts';
import { createManifest, createTemporaryFolder, type KeyPair } from './signed-package.ts';

export const manifestBytes = createManifest();

/** A trust list of these keys, called `key 0`, `key 1`… */
export async function trusting(
  ...keys: readonly Pick<KeyPair, 'publicKeyPem'>[]
): Promise<TrustList> {
  const list = createTrustList({ path: join(createTemporaryFolder(), 'trust.json') });
  for (const [index, { publicKeyPem }] of keys.entries()) {
    await list.add({ name: `key ${index}`, publicKeyPem, scope: 'sideloading' });
  }
  return list;
}

export interface BundleDocument {
  mediaType: unknown;
  verificationMaterial: Record<string, unknown>;
  messageSignature: { messageDigest: Record<string, unknown>; signature: unknown };
  dsseEnvelope?: unknown;
}

/** A good bundle over `manifestBytes`, then changed. */
export function bundleOf(
  key: KeyPair,
  change: (bundle: BundleDocument) => void = () => undefined,
): Buffer {
  const bundle = structuredClone(
    createBundle(manifestBytes, key.privateKey),
  ) as unknown as BundleDocument;
  change(bundle);
  return Buffer.from(JSON.stringify(bundle));
}

/** What a keyless verifier was asked, and what it answers. */
export interface AskedVerifier extends KeylessVerifier {
  readonly asked: Parameters<KeylessVerifier['verify']>[0][];
}

/** Answers with this proof, or refuses as the real one does when no policy fits. */
export function answering(proof?: KeylessProof): AskedVerifier {
  const asked: AskedVerifier['asked'] = [];
  return {
    asked,
    verify: (request) => {
      asked.push(request);
      return proof === undefined
        ? Promise.reject(refusePackage('untrusted_identity'))
        : Promise.resolve(proof);
    },
  };
}

export function trustOf(
  trustList: TrustList,
  keyless: KeylessVerifier = answering(),
): SignatureTrust {
  return { trustList, keyless, publicGoodRoot: 'the public-good root' };
}

/** Verifies a bundle over a manifest, as installing does. */
export function verifySigned(
  {
    manifestBytes: artifactBytes,
    bundleBytes,
  }: Readonly<Record<'manifestBytes' | 'bundleBytes', Uint8Array>>,
  trustList: TrustList,
): Promise<VerifiedSignature> {
  return verifyBundle({ artifactBytes, bundleBytes }, trustOf(trustList), 'app');
}
