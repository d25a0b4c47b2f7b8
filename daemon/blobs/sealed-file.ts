import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { RpcError } from '@locara/protocol';

/** An append-only file that nobody can read without this process: AES-256-GCM, a key that is never stored. */
export interface SealedFile {
  /** Plain bytes so far. */
  readonly bytes: number;
  append(bytes: Buffer): Promise<void>;
  /** Up to `length` plain bytes from `offset`; fewer at the end. */
  read(offset: number, length: number): Promise<Buffer>;
  delete(): Promise<void>;
}

/** One append: where its plain bytes start, and where its sealed bytes lie. */
interface Piece {
  readonly offset: number;
  readonly length: number;
  readonly position: number;
  readonly nonce: Buffer;
}

const TAG_BYTES = 16;

export async function createSealedFile(path: string): Promise<SealedFile> {
  const key = randomBytes(32);
  const handle = await openNew(path);
  const pieces: Piece[] = [];
  let attempts = 0;
  let bytes = 0;
  let position = 0;

  const openPiece = async (piece: Piece): Promise<Buffer> => {
    const sealed = Buffer.alloc(piece.length + TAG_BYTES);
    await handle.read(sealed, 0, sealed.length, piece.position);
    const decipher = createDecipheriv('aes-256-gcm', key, piece.nonce);
    decipher.setAuthTag(sealed.subarray(piece.length));
    return Buffer.concat([decipher.update(sealed.subarray(0, piece.length)), decipher.final()]);
  };

  return {
    get bytes() {
      return bytes;
    },
    append: async (plain) => {
      if (plain.length === 0) return;
      // An append that fails may have left part of its bytes on the disk: its nonce is used up.
      const nonce = nonceOf(attempts++);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      await writeWhole(handle, sealed, position);
      pieces.push({ offset: bytes, length: plain.length, position, nonce });
      bytes += plain.length;
      position += sealed.length;
    },
    read: async (offset, length) => {
      const end = Math.min(offset + length, bytes);
      const parts: Buffer[] = [];
      for (const piece of pieces) {
        if (piece.offset + piece.length <= offset || piece.offset >= end) continue;
        const plain = await openPiece(piece);
        const from = Math.max(0, offset - piece.offset);
        parts.push(plain.subarray(from, Math.min(piece.length, end - piece.offset)));
      }
      return Buffer.concat(parts);
    },
    delete: async () => {
      key.fill(0);
      await handle.close();
      // Someone may have cleared the folder.
      await rm(path, { force: true });
    },
  };
}

/** One key per file and one number per append: a nonce never repeats. */
function nonceOf(attempt: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(attempt, 8);
  return nonce;
}

async function writeWhole(handle: FileHandle, sealed: Buffer, position: number): Promise<void> {
  try {
    let written = 0;
    while (written < sealed.length) {
      const rest = sealed.length - written;
      written += (await handle.write(sealed, written, rest, position + written)).bytesWritten;
    }
  } catch (error) {
    throw toResourceError(error);
  }
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx+', 0o600);
  } catch (error) {
    throw toResourceError(error);
  }
}

const LACKING: Readonly<Record<string, string>> = {
  ENOSPC: 'disk',
  EDQUOT: 'disk',
  EFBIG: 'disk',
  EMFILE: 'files',
  ENFILE: 'files',
};

/** What ran out, for the caller; other failures stay what they are. */
function toResourceError(error: unknown): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  const resource = LACKING[code];
  if (resource === undefined) return error;
  const message = resource === 'disk' ? 'The disk is full.' : 'Too many files are open.';
  return new RpcError('InsufficientResources', message, { details: { resource }, cause: error });
}
