import { createHash, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RpcError } from '@locara/protocol';
import { preparePrivateFolder } from '../transport/socket.ts';
import { createSealedFile, type SealedFile } from './sealed-file.ts';

export interface BlobKey {
  readonly appId: string;
  readonly blob: string;
}

/** Bytes of an app, too large for one message. On disk only sealed, with a key that dies with the daemon. */
export interface BlobStore {
  create(appId: string): Promise<{ blob: string; expiresAt: string }>;
  /** Returns the size so far. Throws Conflict when `offset` is not it, QuotaExceeded, NotFound. */
  append(key: BlobKey, piece: { offset: number; bytes: Buffer }): Promise<number>;
  /** Freezes the blob when its SHA-256 agrees; returns its size. */
  commit(key: BlobKey, sha256: string): number;
  read(
    key: BlobKey,
    range: { offset: number; length: number },
  ): Promise<{ bytes: Buffer; eof: boolean }>;
  readAll(key: BlobKey, maxBytes: number): Promise<Buffer>;
  delete(key: BlobKey): Promise<void>;
  usage(appId: string): { readonly bytes: number; readonly limitBytes: number };
  deleteApp(appId: string): Promise<void>;
  close(): Promise<void>;
}

export interface BlobStoreOptions {
  readonly folder: string;
  readonly ttlMs: number;
  readonly maxBytesPerApp?: number;
  readonly maxBlobsPerApp?: number;
}

interface Blob {
  readonly appId: string;
  readonly file: SealedFile;
  readonly hash: ReturnType<typeof createHash>;
  readonly expiresAt: number;
  isCommitted: boolean;
  /** Appends run one after another; a second one waits for the first. */
  tail: Promise<unknown>;
}

const GIB = 1024 ** 3;

export async function createBlobStore(options: BlobStoreOptions): Promise<BlobStore> {
  const { folder, ttlMs, maxBytesPerApp = GIB, maxBlobsPerApp = 256 } = options;
  // What an earlier daemon left cannot be opened any more: its keys are gone.
  await rm(folder, { recursive: true, force: true });
  preparePrivateFolder(folder);
  const blobs = new Map<string, Blob>();

  const ofApp = (appId: string) => [...blobs.values()].filter((blob) => blob.appId === appId);
  const bytesOf = (appId: string) => ofApp(appId).reduce((sum, { file }) => sum + file.bytes, 0);
  const find = ({ appId, blob: id }: BlobKey): Blob => {
    const blob = blobs.get(id);
    if (blob?.appId !== appId) throw new RpcError('NotFound', 'No such blob');
    return blob;
  };
  const findCommitted = (key: BlobKey): Blob => {
    const blob = find(key);
    if (!blob.isCommitted) throw new RpcError('Conflict', 'The blob is not committed yet');
    return blob;
  };
  const remove = async (id: string): Promise<void> => {
    const blob = blobs.get(id);
    blobs.delete(id);
    await blob?.file.delete();
  };
  const sweep = setInterval(
    () => {
      const now = Date.now();
      for (const [id, blob] of blobs) if (blob.expiresAt <= now) void remove(id);
    },
    Math.min(ttlMs, 30_000),
  ).unref();

  return {
    create: async (appId) => {
      if (ofApp(appId).length >= maxBlobsPerApp) {
        throw new RpcError('QuotaExceeded', 'Too many blobs: delete some first', {
          details: { limit: maxBlobsPerApp, used: ofApp(appId).length },
        });
      }
      const id = randomUUID();
      const expiresAt = Date.now() + ttlMs;
      blobs.set(id, {
        appId,
        file: await createSealedFile(join(folder, id)),
        hash: createHash('sha256'),
        expiresAt,
        isCommitted: false,
        tail: Promise.resolve(),
      });
      return { blob: id, expiresAt: new Date(expiresAt).toISOString() };
    },
    append: (key, { offset, bytes }) => {
      const blob = find(key);
      const appended = blob.tail.then(async () => {
        if (blob.isCommitted) throw new RpcError('Conflict', 'The blob is committed');
        if (offset !== blob.file.bytes) {
          throw new RpcError('Conflict', 'The offset is not the size so far', {
            details: { bytes: blob.file.bytes },
          });
        }
        const used = bytesOf(key.appId);
        if (used + bytes.length > maxBytesPerApp) {
          throw new RpcError('QuotaExceeded', 'The blobs of this app take too much room', {
            details: { limitBytes: maxBytesPerApp, usedBytes: used },
          });
        }
        await blob.file.append(bytes);
        blob.hash.update(bytes);
        return blob.file.bytes;
      });
      blob.tail = appended.catch(() => undefined);
      return appended;
    },
    commit: (key, sha256) => {
      const blob = find(key);
      if (blob.hash.copy().digest('hex') !== sha256) {
        throw new RpcError('Conflict', 'The SHA-256 of the bytes is another one');
      }
      blob.isCommitted = true;
      return blob.file.bytes;
    },
    read: async (key, { offset, length }) => {
      const { file } = findCommitted(key);
      const bytes = await file.read(offset, length);
      return { bytes, eof: offset + bytes.length >= file.bytes };
    },
    readAll: async (key, maxBytes) => {
      const { file } = findCommitted(key);
      if (file.bytes > maxBytes) {
        throw new RpcError('PayloadTooLarge', 'The blob is too large for this', {
          details: { limitBytes: maxBytes, bytes: file.bytes },
        });
      }
      return file.read(0, file.bytes);
    },
    delete: async (key) => {
      find(key);
      await remove(key.blob);
    },
    usage: (appId) => ({ bytes: bytesOf(appId), limitBytes: maxBytesPerApp }),
    deleteApp: async (appId) => {
      for (const [id, blob] of blobs) if (blob.appId === appId) await remove(id);
    },
    close: async () => {
      clearInterval(sweep);
      for (const id of [...blobs.keys()]) await remove(id);
    },
  };
}
