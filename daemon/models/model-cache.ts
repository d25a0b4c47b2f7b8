import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CatalogEntry, type CatalogFile, type Progress, RpcError } from '@locara/protocol';
import type { Log } from '../log.ts';
import { bytesOf } from './catalog.ts';
import {
  hasDigest,
  identifyFile,
  type ReportProgress,
  toFileError,
  unpackFile,
} from './model-files.ts';

/** The shared, content-addressed cache: `<folder>/sha256/<hex>/<name>`, each file checked before its first use and whenever it changed. */
export interface ModelCache {
  isInstalled(entry: CatalogEntry): boolean;
  /** Where the files of an entry are once they are present, by file name. */
  pathsOf(entry: CatalogEntry): ReadonlyMap<string, string>;
  /**
   * Makes every file of an entry present and verified; returns paths by file name.
   * Callers of the same file share one run and its progress. Throws Unavailable (no source here, or an
   * unusable one),
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
  const running = new Map<string, Run>();
  const files = createCachedFiles(deps);
  const pathsOf = (entry: CatalogEntry) =>
    new Map(entry.files.map((file) => [file.name, files.pathOf(file)]));
  const isInstalled = (entry: CatalogEntry) =>
    entry.files.every((file) => identifyFile(files.pathOf(file), file) !== undefined);

  /** One run per file, whoever asks; a caller that gives up leaves it to the others. */
  const share = (needed: Needed, report: ReportProgress): Promise<void> => {
    const { file } = needed;
    const existing = running.get(file.sha256);
    if (existing !== undefined) {
      existing.listeners.push(report);
      return existing.done;
    }
    const listeners = [report];
    const done = files
      .ensure(needed, (progress) => {
        for (const listener of listeners) listener(progress);
      })
      .finally(() => running.delete(file.sha256));
    running.set(file.sha256, { done, listeners });
    return done;
  };

  return {
    isInstalled,
    pathsOf,
    ensure: async (entry, { signal, onProgress = () => undefined } = {}) => {
      const report: ReportProgress = (progress) => {
        if (signal?.aborted !== true) onProgress(progress);
      };
      for (const file of entry.files) {
        await untilAborted(share({ model: entry.id, file }, report), signal);
      }
      return pathsOf(entry);
    },
    installed: () => {
      const installed = deps.entries.filter(isInstalled);
      const bytes = installed.reduce((sum, entry) => sum + bytesOf(entry), 0);
      return { count: installed.length, bytes };
    },
  };
}

interface CachedFiles {
  pathOf(file: CatalogFile): string;
  /** Verifies the file, or puts it there. */
  ensure(needed: Needed, report: ReportProgress): Promise<void>;
}

/** A file, and the model it is wanted for. */
interface Needed {
  readonly model: string;
  readonly file: CatalogFile;
}

function createCachedFiles({ folder, locateSource, log }: ModelCacheDeps): CachedFiles {
  /** The identity of each file whose digest was right. */
  const verified = new Map<string, string>();

  const pathOf = (file: CatalogFile) => join(folder, 'sha256', file.sha256, file.name);
  const identityOf = (file: CatalogFile) => identifyFile(pathOf(file), file);
  const isVerified = async (file: CatalogFile, report: ReportProgress): Promise<boolean> => {
    const identity = identityOf(file);
    if (identity === undefined) return false;
    if (verified.get(file.sha256) === identity) return true;
    if (await hasDigest(pathOf(file), file, report)) {
      verified.set(file.sha256, identity);
      return true;
    }
    log.warn('model.corrupt', { digest: file.sha256 });
    await rm(pathOf(file), { force: true });
    return false;
  };

  const install = async ({ model, file }: Needed, report: ReportProgress): Promise<void> => {
    const source = locateSource(file);
    if (source === undefined) {
      throw new RpcError('Unavailable', 'The model is not installed.', {
        details: { state: 'absent', command: `locara model pull ${model}` },
      });
    }
    await unpackFile({ source, file, path: pathOf(file) }, report);
    const identity = identityOf(file);
    if (identity !== undefined) verified.set(file.sha256, identity);
    log.info('model.installed', { digest: file.sha256, bytes: file.bytes });
  };

  const ensure = async (needed: Needed, report: ReportProgress): Promise<void> => {
    const { file, model } = needed;
    try {
      if (!(await isVerified(file, report))) await install(needed, report);
    } catch (error) {
      const failure = toFileError(error, file);
      const reason = failure instanceof RpcError ? failure.reason : undefined;
      log.warn('model.notReady', { model, digest: file.sha256, reason });
      throw failure;
    }
  };
  return { pathOf, ensure };
}

/** A file being made ready, and who wants to know how far it is. */
interface Run {
  readonly done: Promise<void>;
  readonly listeners: ReportProgress[];
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(new RpcError('Cancelled', 'The call was cancelled.'));
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
