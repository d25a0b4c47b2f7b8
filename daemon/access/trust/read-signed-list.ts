import { REVOCATION_LIST_LIMITS, RpcError } from '@locara/protocol';
import { assertAbsolutePath, readNamedFile } from '../../files/read-named-file.ts';
import { MAX_BUNDLE_BYTES } from '../../workers/verify/ops.ts';
import { refusePackage } from './refuse-package.ts';
import type { SignedBytes } from './verify-bundle.ts';

/** Reads a list and the bundle beside it (`<file>.sigstore.json`); links are not followed. */
export async function readSignedList(path: string): Promise<SignedBytes> {
  assertAbsolutePath(path, 'list');
  const list = { name: 'The list', maxBytes: REVOCATION_LIST_LIMITS.maxBytes };
  const artifactBytes = await readNamedFile(path, list);
  if (artifactBytes === undefined) throw new RpcError('NotFound', 'There is no list at that path.');
  const signature = { name: 'The signature of the list', maxBytes: MAX_BUNDLE_BYTES };
  const bundleBytes = await readNamedFile(`${path}.sigstore.json`, signature);
  if (bundleBytes === undefined) throw refusePackage('unsigned');
  return { artifactBytes, bundleBytes };
}
