import { createHash, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RpcError } from '@locara/protocol';
import { preparePrivateFolder } from '../files/private-folder.ts';
import { createSealedFile, type SealedFile } from './sealed-file.ts';

/** A blob, and the app that must own it: any other gets NotFound. */
export interface BlobKey {
  readonly appId: string;
  readonly blob: string;
}

/** Bytes of an app, too large for one message. On disk only sealed, with a key that dies with the daemon. */
export interface BlobStore {
  create(appId: string): Promise<{ blob: string; expiresAt: string }>;
  /** Returns the size so far. Throws Conflict when `offset` is not it, QuotaExceeded, NotFound. */
  append(key: BlobKey, piece: { offset: number; bytes: Buffer }): Promise<number>;
  /** Freezes the blob, after the appends under way, when its SHA-256 agrees; returns its size. */
  commit(key: BlobKey, sha256: string): Promise<number>;
  read(
    key: BlobKey,
    range: { offset: number; length: number },
  ): Promise<{ bytes: Buffer; eof: boolean }>;
  /** Bytes of a committed blob. Throws Conflict, NotFound. */
  sizeOf(key: BlobKey): number;
  readAll(key: BlobKey): Promise<Buffer>;
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
  /** Every append takes memory of the daemon, however short it is. */
  readonly maxPiecesPerApp?: number;
}

interface Blob {
  readonly appId: string;
  readonly file: SealedFile;
  readonly hash: ReturnType<typeof createHash>;
  readonly expiresAt: number;
  isCommitted: boolean;
  pieces: number;
  /** Of an append that is being written: they count already, or appends to many blobs at once all find room. */
  incomingBytes: number;
  /** Appends and commits run one after another; a second one waits for the first. */
  tail: Promise<unknown>;
}

const GIB = 1024 ** 3;
const SWEEP_MS = 30_000;
/** A gibibyte in pieces of 8 KiB; some 100 MB of memory. */
const MAX_PIECES = 131_072;

/** Opens an empty store; whatever an earlier daemon left in the folder is removed. */
export async function createBlobStore(options: BlobStoreOptions): Promise<BlobStore> {
  // What an earlier daemon left cannot be opened any more: its keys are gone.
  await rm(options.folder, { recursive: true, force: true });
  preparePrivateFolder(options.folder);
  return new SealedBlobStore(options);
}

class SealedBlobStore implements BlobStore {
  readonly #blobs = new Map<string, Blob>();
  readonly #creating = new Map<string, number>();
  readonly #options: Required<BlobStoreOptions>;
  readonly #sweep: NodeJS.Timeout;

  constructor(options: BlobStoreOptions) {
    this.#options = {
      maxBytesPerApp: GIB,
      maxBlobsPerApp: 256,
      maxPiecesPerApp: MAX_PIECES,
      ...options,
    };
    const everyMs = Math.min(options.ttlMs, SWEEP_MS);
    this.#sweep = setInterval(() => {
      this.#deleteExpired();
    }, everyMs).unref();
  }

  async create(appId: string): Promise<{ blob: string; expiresAt: string }> {
    const { folder, ttlMs, maxBlobsPerApp } = this.#options;
    // Those that are being created count too: the file opens after an await.
    const used = this.#ofApp(appId).length + (this.#creating.get(appId) ?? 0);
    if (used >= maxBlobsPerApp) {
      throw new RpcError('QuotaExceeded', 'This app has too many blobs: delete some first.', {
        details: { limit: maxBlobsPerApp, used },
      });
    }
    const id = randomUUID();
    const expiresAt = Date.now() + ttlMs;
    this.#countCreating(appId, 1);
    const file = await createSealedFile(join(folder, id)).finally(() => {
      this.#countCreating(appId, -1);
    });
    this.#blobs.set(id, {
      appId,
      file,
      hash: createHash('sha256'),
      expiresAt,
      isCommitted: false,
      pieces: 0,
      incomingBytes: 0,
      tail: Promise.resolve(),
    });
    return { blob: id, expiresAt: new Date(expiresAt).toISOString() };
  }

  append(key: BlobKey, piece: { offset: number; bytes: Buffer }): Promise<number> {
    return this.#inTurn(key, (blob) => this.#append(blob, piece));
  }

  commit(key: BlobKey, sha256: string): Promise<number> {
    return this.#inTurn(key, (blob) => {
      if (blob.hash.copy().digest('hex') !== sha256) {
        throw new RpcError('Conflict', 'The bytes so far have another SHA-256.');
      }
      blob.isCommitted = true;
      return blob.file.bytes;
    });
  }

  async read(
    key: BlobKey,
    { offset, length }: { offset: number; length: number },
  ): Promise<{ bytes: Buffer; eof: boolean }> {
    const { file } = this.#findCommitted(key);
    const bytes = await this.#readFile(key, { offset, length });
    return { bytes, eof: offset + bytes.length >= file.bytes };
  }

  sizeOf(key: BlobKey): number {
    return this.#findCommitted(key).file.bytes;
  }

  readAll(key: BlobKey): Promise<Buffer> {
    return this.#readFile(key, { offset: 0, length: this.sizeOf(key) });
  }

  async delete(key: BlobKey): Promise<void> {
    this.#find(key);
    await this.#remove(key.blob);
  }

  usage(appId: string): { readonly bytes: number; readonly limitBytes: number } {
    const bytes = this.#ofApp(appId).reduce((sum, { file }) => sum + file.bytes, 0);
    return { bytes, limitBytes: this.#options.maxBytesPerApp };
  }

  async deleteApp(appId: string): Promise<void> {
    for (const [id, blob] of this.#blobs) if (blob.appId === appId) await this.#remove(id);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await Promise.allSettled([...this.#blobs.keys()].map((id) => this.#remove(id)));
  }

  async #append(blob: Blob, { offset, bytes }: { offset: number; bytes: Buffer }): Promise<number> {
    if (blob.isCommitted)
      throw new RpcError('Conflict', 'The blob is committed: nothing can be appended.');
    if (offset !== blob.file.bytes) {
      throw new RpcError('Conflict', 'The offset is not the size so far; `details.bytes` is.', {
        details: { bytes: blob.file.bytes },
      });
    }
    this.#assertRoomForPiece(blob.appId);
    const { bytes: writtenBytes, limitBytes } = this.usage(blob.appId);
    const usedBytes = writtenBytes + this.#incomingBytes(blob.appId);
    if (usedBytes + bytes.length > limitBytes) {
      throw new RpcError(
        'QuotaExceeded',
        'The blobs of this app take too much room: delete some first.',
        {
          details: { limitBytes, usedBytes },
        },
      );
    }
    blob.incomingBytes = bytes.length;
    blob.pieces += 1;
    try {
      await blob.file.append(bytes);
    } finally {
      blob.incomingBytes = 0;
    }
    blob.hash.update(bytes);
    return blob.file.bytes;
  }

  async #readFile(key: BlobKey, range: { offset: number; length: number }): Promise<Buffer> {
    try {
      return await this.#findCommitted(key).file.read(range.offset, range.length);
    } catch (error) {
      // Deleted meanwhile, which is why it cannot be read: NotFound.
      this.#find(key);
      throw error;
    }
  }

  /** Runs `step` after the steps before it, unless the blob is deleted by then. */
  async #inTurn<T>(key: BlobKey, step: (blob: Blob) => T | Promise<T>): Promise<T> {
    const blob = this.#find(key);
    const taken = blob.tail.then(() => step(this.#find(key)));
    blob.tail = taken.catch(() => undefined);
    return taken;
  }

  #countCreating(appId: string, change: number): void {
    const count = (this.#creating.get(appId) ?? 0) + change;
    if (count > 0) this.#creating.set(appId, count);
    else this.#creating.delete(appId);
  }

  #ofApp(appId: string): readonly Blob[] {
    return [...this.#blobs.values()].filter((blob) => blob.appId === appId);
  }

  #assertRoomForPiece(appId: string): void {
    const limit = this.#options.maxPiecesPerApp;
    const used = this.#ofApp(appId).reduce((sum, { pieces }) => sum + pieces, 0);
    if (used < limit) return;
    throw new RpcError(
      'QuotaExceeded',
      'The blobs of this app have too many pieces: append longer ones, or delete some first.',
      { details: { limit, used } },
    );
  }

  #incomingBytes(appId: string): number {
    return this.#ofApp(appId).reduce((sum, { incomingBytes }) => sum + incomingBytes, 0);
  }

  #find({ appId, blob: id }: BlobKey): Blob {
    const blob = this.#blobs.get(id);
    if (blob?.appId !== appId) throw new RpcError('NotFound', 'There is no such blob.');
    return blob;
  }

  #findCommitted(key: BlobKey): Blob {
    const blob = this.#find(key);
    if (!blob.isCommitted)
      throw new RpcError('Conflict', 'The blob is not committed yet: call blobs.commit first.');
    return blob;
  }

  async #remove(id: string): Promise<void> {
    const blob = this.#blobs.get(id);
    this.#blobs.delete(id);
    // An append that is under way ends first: its file must not vanish under it.
    await blob?.tail;
    await blob?.file.delete();
  }

  #deleteExpired(): void {
    const now = Date.now();
    for (const [id, { expiresAt }] of this.#blobs) {
      // A file that cannot be deleted is unreadable all the same, and goes with the next start.
      if (expiresAt <= now) this.#remove(id).catch(() => undefined);
    }
  }
}
