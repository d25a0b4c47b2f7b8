import { join } from 'node:path';
import { createTrustList, type TrustList } from '../../daemon/access/trust-list.ts';
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
