import { type MediaInput, RpcError } from '@locara/protocol';
import type { Session } from '../access/session.ts';
import type { BlobStore } from './blob-store.ts';

/** The bytes of a media input: a committed blob of this app, or base64 in the message. */
export type ReadMedia = (
  session: Session,
  input: MediaInput,
  limits: { readonly maxBytes: number },
) => Promise<Buffer>;

export function createReadMedia(blobs: BlobStore): ReadMedia {
  return async (session, input, { maxBytes }) => {
    if ('blob' in input) {
      return blobs.readAll({ appId: session.appId, blob: input.blob }, maxBytes);
    }
    const bytes = Buffer.from(input.data, 'base64');
    if (bytes.length === 0) throw new RpcError('UnsupportedMedia', 'The media is empty');
    if (bytes.length > maxBytes) {
      throw new RpcError('PayloadTooLarge', 'The media is too large', {
        details: { limitBytes: maxBytes, bytes: bytes.length },
      });
    }
    return bytes;
  };
}
