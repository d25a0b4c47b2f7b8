import { decryptAesGcm, encryptInParts, IV_BYTES, TAG_BYTES } from './aes-gcm.ts';
import { sealed } from './vault-errors.ts';

export const CHUNK_BYTES = 64 * 1024;

/** One direction of a stream; after an error it must not be used again. */
export interface StreamCipher {
  /** Yields what is ready, chunk by chunk or in their parts: the caller may pause in between, and leaves the bytes as they are. */
  push(bytes: Uint8Array): Generator<Buffer, void, void>;
  /** The last chunk. */
  finish(): Buffer;
}

export interface StreamKey {
  /** 32 bytes that encrypt this stream alone; the caller zeroes them when the stream has ended. */
  readonly key: Uint8Array;
  /** Authenticated with each chunk. */
  readonly aad: Uint8Array;
}

/**
 * STREAM: chunks of 64 KiB, each with its tag, under a nonce of its number and of whether it is the last. Only the
 * last may be shorter, and it is empty only when it is the first.
 */
export function createStreamEncryptor({ key, aad }: StreamKey): StreamCipher {
  return createChunks(CHUNK_BYTES, (chunk, iv) => encryptInParts({ key, iv, aad }, chunk));
}

/** Lets out nothing that is not authentic, whole and in its place. Throws Conflict (`rule: sealed`). */
export function createStreamDecryptor({ key, aad }: StreamKey): StreamCipher {
  return createChunks(CHUNK_BYTES + TAG_BYTES, (chunk, iv, isFirst) => {
    const plain = decryptAesGcm({ key, iv, aad }, chunk);
    if (plain === undefined || (plain.length === 0 && !isFirst)) throw sealed();
    return [plain];
  });
}

type Convert = (chunk: Uint8Array, iv: Uint8Array, isFirst: boolean) => readonly Buffer[];

/** Cuts what is pushed into chunks of a size. One that is full waits until it is known not to be the last. */
function createChunks(size: number, convert: Convert): StreamCipher {
  const pending = Buffer.alloc(size);
  let length = 0;
  let count = 0;
  const next = (chunk: Uint8Array, isLast: boolean): readonly Buffer[] => {
    const iv = nonceOf(count, isLast);
    count += 1;
    return convert(chunk, iv, count === 1);
  };
  return {
    *push(bytes) {
      let at = 0;
      while (at < bytes.length) {
        if (length === size) {
          length = 0;
          yield* next(pending, false);
        }
        const left = bytes.length - at;
        if (length === 0 && left > size) {
          at += size;
          yield* next(bytes.subarray(at - size, at), false);
          continue;
        }
        const taken = bytes.subarray(at, at + Math.min(left, size - length));
        pending.set(taken, length);
        length += taken.length;
        at += taken.length;
      }
    },
    finish: () => {
      const last = Buffer.concat(next(pending.subarray(0, length), true));
      pending.fill(0);
      return last;
    },
  };
}

const LAST_FLAG = 1;

/** The number in 11 bytes, big-endian, then whether it is the last. */
function nonceOf(count: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(IV_BYTES);
  nonce.writeBigUInt64BE(BigInt(count), IV_BYTES - 1 - 8);
  nonce[IV_BYTES - 1] = isLast ? LAST_FLAG : 0;
  return nonce;
}
