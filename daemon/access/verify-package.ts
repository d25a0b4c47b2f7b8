import {
  appIdOf,
  type AppManifest,
  type Attestation,
  checkManifest,
  RpcError,
  type Signer,
} from '@locara/protocol';
import { readPackage } from './app-package.ts';
import { digestOf } from './app-record-file.ts';
import type { TrustList } from './trust-list.ts';
import { verifyBundle } from './verify-bundle.ts';

/** A package whose signature holds and whose manifest is valid. */
export interface VerifiedPackage {
  readonly appId: string;
  readonly manifest: AppManifest;
  readonly manifestBytes: Uint8Array;
  readonly manifestDigest: string;
  readonly attestation: Attestation;
  readonly signer: Signer;
}

/** Reads and verifies a package; the manifest is parsed only after its signature held. */
export async function verifyPackage(path: string, trustList: TrustList): Promise<VerifiedPackage> {
  const { manifestBytes, bundleBytes } = await readPackage(path);
  const key = await verifyBundle({ manifestBytes, bundleBytes }, trustList);
  const { manifest, errors } = checkManifest(manifestBytes);
  if (manifest === undefined) {
    throw new RpcError('InvalidParams', 'The manifest is not a valid locara/v1 manifest.', {
      details: { rule: 'manifest', issues: errors },
    });
  }
  const isDevelopment = key.scope === 'development';
  return {
    appId: appIdOf(manifest),
    manifest,
    manifestBytes,
    manifestDigest: digestOf(manifestBytes),
    attestation: isDevelopment ? 'development' : 'install-key',
    signer: {
      id: `key:${key.hint}`,
      words: `${isDevelopment ? 'development key' : 'key you trust'} “${key.name}”`,
      scope: key.scope,
    },
  };
}
