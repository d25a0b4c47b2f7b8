import { closeSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RpcError } from '@locara/protocol/errors';
import type { StoreOps } from '../../workers/store/ops.ts';
import { digestContents } from '../copies/contents.ts';
import { rekeyCopy, vacuumInto, verifyCopy } from '../copies/copy-files.ts';
import { openStoreDatabase, type StoreDatabase } from '../database/database.ts';
import { writeJsonLines } from './json-lines.ts';
import { decryptPages } from './plain-pages.ts';

const PIECE_BYTES = 1024 * 1024;
const PAGE_BYTES = 4096;
/** Of the copy, which nobody writes to. */
const COPY_QUOTA_BYTES = 2 ** 40;
const COPY_FILE = 'export.scratch';

type Op<O extends keyof StoreOps> = (params: StoreOps[O]['params']) => StoreOps[O]['result'];

/** The way out of a store: one copy of one moment at a time, in pieces. */
export interface Exports {
  readonly begin: Op<'beginExport'>;
  readonly read: Op<'readExport'>;
  readonly end: Op<'endExport'>;
  /** Removes what is left of an export, whoever began it. */
  readonly close: () => void;
}

/** Bytes of the file that is being written, in order. */
interface Source {
  next(): Uint8Array;
  readonly isLast: boolean;
  readonly unreadable: readonly string[];
  close(): void;
}

/** The open store, and its key. */
export interface ExportSource {
  readonly database: StoreDatabase;
  readonly key: Uint8Array;
}

export function createExports({ database, key: ownKey }: ExportSource): Exports {
  const folder = dirname(database.path);
  const path = join(folder, COPY_FILE);
  let running: { readonly id: string; readonly source: Source } | undefined;
  const close = (): void => {
    running?.source.close();
    running = undefined;
    removeCopies(folder);
  };
  // What a process before this one left.
  removeCopies(folder);
  return {
    begin: ({ id, form, key }) => {
      if (running !== undefined) throw busy();
      removeCopies(folder);
      try {
        vacuumInto(database, path);
        rekeyCopy(path, { from: ownKey, to: key });
        verifyCopy(path, { key, contents: digestContents(database) });
        const source =
          form === 'jsonl'
            ? openLines(path, key)
            : openFile(path, form === 'sqlite' ? key : undefined);
        running = { id, source };
        return form === 'jsonl' ? {} : { totalBytes: statSync(path).size };
      } catch (error) {
        close();
        throw error;
      }
    },
    read: ({ id }) => {
      if (running?.id !== id) throw new RpcError('NotFound', 'That export has ended: begin again.');
      const { source } = running;
      return { piece: source.next(), isLast: source.isLast, unreadable: source.unreadable };
    },
    end: ({ id }) => {
      if (running === undefined || running.id === id) close();
      return {};
    },
    close,
  };
}

/** With a key, the plain pages of the encrypted file. */
function openFile(path: string, key: Uint8Array | undefined): Source {
  const file = openSync(path, 'r');
  const { size } = statSync(path);
  let at = 0;
  return {
    next: () => {
      const bytes = Buffer.alloc(Math.min(PIECE_BYTES, size - at));
      let filled = 0;
      while (filled < bytes.length) {
        const count = readSync(file, bytes, filled, bytes.length - filled, at + filled);
        if (count === 0) throw new Error('the copy is shorter than it was');
        filled += count;
      }
      const first = at / PAGE_BYTES + 1;
      at += bytes.length;
      return key === undefined ? bytes : decryptPages(bytes, { key, pageBytes: PAGE_BYTES, first });
    },
    get isLast() {
      return at >= size;
    },
    unreadable: [],
    close: () => {
      closeSync(file);
    },
  };
}

function openLines(path: string, key: Uint8Array): Source {
  const copy = openStoreDatabase({ path, key, quotaBytes: COPY_QUOTA_BYTES });
  const unreadable: string[] = [];
  const lines = writeJsonLines(copy, (table) => unreadable.push(table));
  let waiting: Buffer[] = [];
  let isDone = false;
  return {
    next: () => {
      let bytes = sum(waiting);
      while (!isDone && bytes < PIECE_BYTES) {
        const { done, value } = lines.next();
        isDone = done === true;
        if (typeof value !== 'string') continue;
        waiting.push(Buffer.from(value));
        bytes += waiting.at(-1)?.length ?? 0;
      }
      const all = Buffer.concat(waiting);
      waiting = all.length > PIECE_BYTES ? [all.subarray(PIECE_BYTES)] : [];
      return all.subarray(0, PIECE_BYTES);
    },
    get isLast() {
      return isDone && waiting.length === 0;
    },
    unreadable,
    close: () => {
      lines.return();
      copy.close();
    },
  };
}

function sum(buffers: readonly Buffer[]): number {
  return buffers.reduce((bytes, { length }) => bytes + length, 0);
}

function removeCopies(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith(COPY_FILE)) rmSync(join(folder, name), { force: true });
  }
}

function busy(): RpcError {
  return new RpcError('Busy', 'Another export of this data is running.', {
    details: { retryAfterMs: 1000 },
  });
}
