import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type CatalogFile, type Progress, RpcError } from '@locara/protocol';

export type ReportProgress = (progress: Progress) => void;

const PARTIAL = '.partial';
const FULL_DISK_CODES: readonly unknown[] = ['ENOSPC', 'EFBIG', 'EDQUOT'];

/**
 * Which bytes a path stood for: changes whenever the file is written or replaced. Undefined unless it is
 * a file of the right size.
 */
export function identifyFile(path: string, file: CatalogFile): string | undefined {
  try {
    const stat = statSync(path, { bigint: true });
    if (!stat.isFile() || Number(stat.size) !== file.bytes) return undefined;
    return [stat.dev, stat.ino, stat.mtimeNs, stat.ctimeNs].join(':');
  } catch {
    return undefined;
  }
}

/** Whether a file has the digest that the catalog says. */
export async function hasDigest(
  path: string,
  file: CatalogFile,
  report: ReportProgress,
): Promise<boolean> {
  const hash = createHash('sha256');
  let completed = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    completed += chunk.length;
    hash.update(chunk);
    report({ stage: 'verifying', completed, total: file.bytes, unit: 'bytes' });
  }
  return hash.digest('hex') === file.sha256;
}

/** Writes beside the target, checks size and digest on the way, then renames: a half file never has the name. */
export async function unpackFile(
  { source, file, path }: { source: string; file: CatalogFile; path: string },
  report: ReportProgress,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await removeRemains(path);
  const partial = `${path}.${randomUUID()}${PARTIAL}`;
  const hash = createHash('sha256');
  const meter = createMeter({ file, hash, report });
  const target = createWriteStream(partial, { mode: 0o600, flush: true });
  try {
    const packed = createReadStream(source);
    if (file.source?.compression === 'gzip') await pipeline(packed, createGunzip(), meter, target);
    else await pipeline(packed, meter, target);
    if (hash.digest('hex') !== file.sha256) throw corruptError(file);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** What is in the way of the file, and what unpacking it left when the daemon was killed. */
async function removeRemains(path: string): Promise<void> {
  const name = basename(path);
  for (const found of await readdir(dirname(path))) {
    const isRemains = found.startsWith(`${name}.`) && found.endsWith(PARTIAL);
    if (found !== name && !isRemains) continue;
    await rm(join(dirname(path), found), { recursive: true, force: true });
  }
}

/** Hashes and counts what passes through it, no more than the catalog says. */
function createMeter(options: {
  readonly file: CatalogFile;
  readonly hash: Hash;
  readonly report: ReportProgress;
}): Transform {
  const { file, hash, report } = options;
  let completed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      completed += chunk.length;
      if (completed > file.bytes) {
        done(corruptError(file));
        return;
      }
      hash.update(chunk);
      report({ stage: 'verifying', completed, total: file.bytes, unit: 'bytes' });
      done(null, chunk);
    },
  });
}

function corruptError({ sha256 }: CatalogFile, cause?: unknown): RpcError {
  const message = 'The model file does not have the digest of the catalog.';
  const details = { state: 'corrupt', digest: `sha256:${sha256}` };
  return new RpcError('Unavailable', message, { details, cause });
}

/**
 * What went wrong with the files of a model, for its caller: InsufficientResources (disk), Unavailable
 * with `details.state` `corrupt` (the source) or `unusable` (the cache folder, with the system's code).
 */
export function toFileError(error: unknown, file: CatalogFile): unknown {
  if (error instanceof RpcError || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  if (FULL_DISK_CODES.includes(code)) {
    return new RpcError('InsufficientResources', 'The disk has no room for the model.', {
      details: { resource: 'disk', neededBytes: file.bytes },
      cause: error,
    });
  }
  if (code.startsWith('Z_')) return corruptError(file, error);
  return new RpcError('Unavailable', 'The model cache or its source cannot be used.', {
    details: { state: 'unusable', rule: code },
    cause: error,
  });
}
