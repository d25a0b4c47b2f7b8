import { LIMITS, RpcError } from '@locara/protocol';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { Handlers } from '../rpc/handler.ts';

export function blobsHandlers(deps: { readonly blobs: BlobStore }): Handlers<'blobs'> {
  const { blobs } = deps;
  return {
    'blobs.create': (_params, { session }) => blobs.create(session.appId),
    'blobs.append': async ({ blob, offset, data }, { session }) => ({
      bytes: await blobs.append(
        { appId: session.appId, blob },
        { offset, bytes: decodePiece(data) },
      ),
    }),
    'blobs.commit': async ({ blob, sha256 }, { session }) => ({
      blob,
      bytes: await blobs.commit({ appId: session.appId, blob }, sha256),
    }),
    'blobs.read': async ({ blob, offset, length }, { session }) => {
      const { bytes, eof } = await blobs.read(
        { appId: session.appId, blob },
        { offset, length: Math.min(length, LIMITS.maxBlobReadBytes) },
      );
      return { data: bytes.toString('base64'), eof };
    },
    'blobs.delete': async ({ blob }, { session }) => {
      await blobs.delete({ appId: session.appId, blob });
      return { deleted: true };
    },
  };
}

function decodePiece(data: string): Buffer {
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length <= LIMITS.maxBlobAppendBytes) return bytes;
  throw new RpcError(
    'PayloadTooLarge',
    'A piece of a blob is at most 1 MiB: append it in several.',
    {
      details: { limitBytes: LIMITS.maxBlobAppendBytes, bytes: bytes.length },
    },
  );
}
