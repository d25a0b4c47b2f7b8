import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type CatalogEntry, type CatalogFile, type Progress, RpcError } from '@locara/protocol';
import type { Log } from '../log.ts';

/** The shared, content-addressed cache: `<folder>/sha256/<hex>/<name>`, each file checked before its first use. */
export interface ModelCache {
  isInstalled(entry: CatalogEntry): boolean;
  /**
   * Makes every file of an entry present and verified; returns paths by file name.
   * Callers of the same file share one run. Throws Unavailable (no source here),
   * InsufficientResources (disk), Cancelled through the signal.
   */
  ensure(entry: CatalogEntry, options?: EnsureOptions): Promise<ReadonlyMap<string, string>>;
  installed(): { readonly count: number; readonly bytes: number };
}

export interface EnsureOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface ModelCacheDeps {
  readonly folder: string;
  /** Absolute path of a file's embedded source, if it has one. */
  readonly locateSource: (file: CatalogFile) => string | undefined;
  readonly entries: readonly CatalogEntry[];
  readonly log: Log;
}

export function createModelCache(deps: ModelCacheDeps): ModelCache {
  const verified = new Set<string>();
  const running = new Map<string, Promise<void>>();

  const pathOf = (file: CatalogFile) => join(deps.folder, 'sha256', file.sha256, file.name);
  const isPresent = (file: CatalogFile) =>
    statSync(pathOf(file), { throwIfNoEntry: false })?.size === file.bytes;
  const isInstalled = (entry: CatalogEntry) => entry.files.every(isPresent);

  const ensureFile = async ({ entry, file }: Needed, report: Report) => {
    if (verified.has(file.sha256) && isPresent(file)) return;
    if (isPresent(file)) {
      report({ stage: 'verifying', completed: 0, total: file.bytes, unit: 'bytes' });
      if ((await hashFile(pathOf(file))) === file.sha256) {
        verified.add(file.sha256);
        return;
      }
      deps.log.warn('model.corrupt', { digest: file.sha256 });
      await rm(pathOf(file), { force: true });
    }
    const source = deps.locateSource(file);
    if (source === undefined) {
      throw new RpcError('Unavailable', 'The model is not installed', {
        details: { state: 'absent', command: `locara model pull ${entry.id}` },
      });
    }
    await unpack({ source, file, path: pathOf(file) }, report);
    verified.add(file.sha256);
    deps.log.info('model.installed', { digest: file.sha256, bytes: file.bytes });
  };

  /** One run per file, whoever asks; a caller that gives up leaves it to the others. */
  const share = (needed: Needed, report: Report): Promise<void> => {
    const { sha256 } = needed.file;
    const existing = running.get(sha256);
    if (existing !== undefined) return existing;
    const run = ensureFile(needed, report).finally(() => running.delete(sha256));
    running.set(sha256, run);
    return run;
  };

  return {
    isInstalled,
    ensure: async (entry, { signal, onProgress = () => undefined } = {}) => {
      for (const file of entry.files) {
        await untilAborted(share({ entry, file }, onProgress), signal);
      }
      return new Map(entry.files.map((file) => [file.name, pathOf(file)]));
    },
    installed: () => {
      const files = deps.entries.filter(isInstalled).flatMap((entry) => entry.files);
      return {
        count: deps.entries.filter(isInstalled).length,
        bytes: files.reduce((sum, file) => sum + file.bytes, 0),
      };
    },
  };
}

interface Needed {
  readonly entry: CatalogEntry;
  readonly file: CatalogFile;
}

type Report = (progress: Progress) => void;

interface Unpacking {
  readonly source: string;
  readonly file: CatalogFile;
  readonly path: string;
}

/** Writes beside the target, checks size and digest on the way, then renames: a half file never has the name. */
async function unpack({ source, file, path }: Unpacking, report: Report): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const partial = `${path}.${randomUUID()}.partial`;
  const hash = createHash('sha256');
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      report({ stage: 'verifying', completed: bytes, total: file.bytes, unit: 'bytes' });
      done(bytes > file.bytes ? new Error('larger than the catalog says') : null, chunk);
    },
  });
  const target = createWriteStream(partial, { mode: 0o600, flush: true });
  try {
    const packed = createReadStream(source);
    if (file.source?.compression === 'gzip') await pipeline(packed, createGunzip(), meter, target);
    else await pipeline(packed, meter, target);
    if (bytes !== file.bytes || hash.digest('hex') !== file.sha256) {
      throw new RpcError('Unavailable', 'The model file does not have the digest of the catalog', {
        details: { state: 'corrupt', digest: `sha256:${file.sha256}` },
      });
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw toDiskError(error, file);
  }
}

function toDiskError(error: unknown, file: CatalogFile): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EFBIG' && code !== 'EDQUOT') return error;
  return new RpcError('InsufficientResources', 'The disk has no room for the model', {
    details: { resource: 'disk', neededBytes: file.bytes },
    cause: error,
  });
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(new RpcError('Cancelled', 'The call was cancelled'));
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
