import {
  appIdOf,
  type AppManifest,
  type Attestation,
  checkManifest,
  RpcError,
  type Signer,
} from '@locara/protocol';
import { readPackage } from './app-package.ts';
import { digestOf } from '../trust/digest.ts';
import { refusePackage } from '../trust/refuse-package.ts';
import { type SignatureTrust, verifyBundle } from '../trust/verify-bundle.ts';

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
export async function verifyPackage(path: string, trust: SignatureTrust): Promise<VerifiedPackage> {
  const { manifestBytes, bundleBytes } = await readPackage(path);
  const signed = { artifactBytes: manifestBytes, bundleBytes };
  const { signer, publisher } = await verifyBundle(signed, trust, 'app');
  const { manifest, errors } = checkManifest(manifestBytes);
  if (manifest === undefined) {
    throw new RpcError('InvalidParams', 'The manifest is not a valid locara/v1 manifest.', {
      details: { rule: 'manifest', issues: errors },
    });
  }
  if (publisher !== undefined && publisher !== manifest.publisher) {
    throw refusePackage('publisher_mismatch');
  }
  return {
    appId: appIdOf(manifest),
    manifest,
    manifestBytes,
    manifestDigest: digestOf(manifestBytes),
    attestation: signer.scope === 'development' ? 'development' : 'install-key',
    signer,
  };
}
