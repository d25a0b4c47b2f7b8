import { type MediaInput, RpcError } from '@locara/protocol';
import type { Session } from '../access/session.ts';
import type { BlobStore } from './blob-store.ts';

/** The bytes of a media input, held in memory until disposed of. */
export interface Media extends Disposable {
  readonly bytes: Buffer;
}

/**
 * The bytes of a media input: a committed blob of this app, or base64 in the message.
 * Throws PayloadTooLarge over `maxBytes`, and Busy while calls before this one hold all the room.
 */
export type ReadMedia = (
  session: Session,
  input: MediaInput,
  limits: { readonly maxBytes: number },
) => Promise<Media>;

/** How much media may be in memory. */
export interface MediaRoom {
  /** What all apps together may hold at once. */
  readonly totalBytes: number;
  /** What one app may hold, unless it is its only media: the others keep room. */
  readonly appBytes: number;
}

const MIB = 1024 * 1024;
const ROOM: MediaRoom = { totalBytes: 1536 * MIB, appBytes: 640 * MIB };
const RETRY_AFTER_MS = 1000;

export function createReadMedia(blobs: BlobStore, room: MediaRoom = ROOM): ReadMedia {
  const heldBytes = new Map<string, number>();
  const hold = (appId: string, bytes: number): Disposable => {
    const ofApp = heldBytes.get(appId) ?? 0;
    const total = [...heldBytes.values()].reduce((sum, count) => sum + count, 0);
    const isFull = total + bytes > room.totalBytes || (ofApp > 0 && ofApp + bytes > room.appBytes);
    if (isFull) {
      throw new RpcError('Busy', 'Too much media is being read: try again later.', {
        details: { retryAfterMs: RETRY_AFTER_MS },
      });
    }
    heldBytes.set(appId, ofApp + bytes);
    return {
      [Symbol.dispose]: () => {
        const left = (heldBytes.get(appId) ?? 0) - bytes;
        if (left > 0) heldBytes.set(appId, left);
        else heldBytes.delete(appId);
      },
    };
  };

  return async ({ appId }, input, { maxBytes }) => {
    const size =
      'blob' in input ? blobs.sizeOf({ appId, blob: input.blob }) : decodedSize(input.data);
    assertSize(size, maxBytes);
    const held = hold(appId, size);
    try {
      const bytes =
        'blob' in input
          ? await blobs.readAll({ appId, blob: input.blob })
          : Buffer.from(input.data, 'base64');
      return {
        bytes,
        [Symbol.dispose]: () => {
          held[Symbol.dispose]();
        },
      };
    } catch (error) {
      held[Symbol.dispose]();
      throw error;
    }
  };
}

function decodedSize(base64: string): number {
  return Buffer.byteLength(base64, 'base64');
}

function assertSize(bytes: number, limitBytes: number): void {
  if (bytes === 0) throw new RpcError('UnsupportedMedia', 'The media is empty.');
  if (bytes <= limitBytes) return;
  throw new RpcError('PayloadTooLarge', 'The media is too large.', {
    details: { limitBytes, bytes },
  });
}
