import { createHash } from 'node:crypto';
import type { MethodName, ParamsInput, Result } from '@locara/protocol';
import type { CallOptions } from './call.ts';

const PIECE_BYTES = 512 * 1024;

export interface UploadOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Bytes at once, or as they come. */
export type BlobSource = Uint8Array | AsyncIterable<Uint8Array>;

type Call<M extends MethodName> = (
  params: ParamsInput<M>,
  options?: CallOptions,
) => Promise<Result<M>>;

/** The four methods that an upload is made of. */
export interface BlobCalls {
  readonly create: Call<'blobs.create'>;
  readonly append: Call<'blobs.append'>;
  readonly commit: Call<'blobs.commit'>;
  readonly delete: Call<'blobs.delete'>;
}

/** Uploads bytes in pieces and commits them; the answer is the id for `{blob}` inputs. A failed upload is deleted. */
export async function uploadBlob(
  blobs: BlobCalls,
  source: BlobSource,
  { signal }: UploadOptions = {},
): Promise<string> {
  const { blob } = await blobs.create({}, { signal });
  const hash = createHash('sha256');
  let offset = 0;
  try {
    for await (const piece of cutPieces(source)) {
      hash.update(piece);
      const data = Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('base64');
      await blobs.append({ blob, offset, data }, { signal });
      offset += piece.length;
    }
    await blobs.commit({ blob, sha256: hash.digest('hex') }, { signal });
    return blob;
  } catch (error) {
    await blobs.delete({ blob }).catch(() => undefined);
    throw error;
  }
}

async function* cutPieces(source: BlobSource): AsyncGenerator<Uint8Array> {
  const parts = source instanceof Uint8Array ? [source] : source;
  for await (const part of parts) {
    for (let start = 0; start < part.length; start += PIECE_BYTES) {
      yield part.subarray(start, start + PIECE_BYTES);
    }
  }
}
