import { isAbsolute } from 'node:path';
import { REVOCATION_LIST_LIMITS, RpcError } from '@locara/protocol';
import { openRegularFile, readBounded } from '../../files/read-bounded.ts';
import { MAX_BUNDLE_BYTES } from '../../workers/verify/ops.ts';
import { refusePackage } from './refuse-package.ts';
import type { SignedBytes } from './verify-bundle.ts';

/** Reads a list and the bundle beside it (`<file>.sigstore.json`); links are not followed. */
export async function readSignedList(path: string): Promise<SignedBytes> {
  if (!isAbsolute(path) || path.includes('\0')) {
    throw refuseShape('absolute_path', 'Give the absolute path of the list.');
  }
  const artifactBytes = await readFile(path, REVOCATION_LIST_LIMITS.maxBytes);
  if (artifactBytes === undefined) throw new RpcError('NotFound', 'There is no list at that path.');
  const bundleBytes = await readFile(`${path}.sigstore.json`, MAX_BUNDLE_BYTES);
  if (bundleBytes === undefined) throw refusePackage('unsigned');
  return { artifactBytes, bundleBytes };
}

/** Undefined when there is none. */
async function readFile(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const opened = await openRegularFile(path);
  if (opened === 'absent') return undefined;
  if (opened === 'not a regular file') {
    throw refuseShape('regular_file', 'The list or its signature is not a file that can be read.');
  }
  await using file = opened;
  const bytes = await readBounded(file, maxBytes);
  if (bytes !== undefined) return bytes;
  throw new RpcError('PayloadTooLarge', 'A list has at most 4 MiB, its signature at most 64 KiB.');
}

function refuseShape(rule: string, message: string): RpcError {
  return new RpcError('InvalidParams', message, { details: { rule } });
}
