import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { BUNDLE_FILE, MANIFEST_FILE, RpcError, STRICT_JSON_LIMITS } from '@locara/protocol';
import { unzipSync, type UnzipFileInfo } from 'fflate';
import { assertAbsolutePath, readNamedFile, tooLarge } from '../../files/read-named-file.ts';
import { MAX_BUNDLE_BYTES } from '../../workers/verify/ops.ts';

/** The two files of a package that identity rests on, exactly as they lie there. */
export interface AppPackage {
  readonly manifestBytes: Uint8Array;
  readonly bundleBytes: Uint8Array;
}

const MAX_ZIP_BYTES = 64 * 1024 * 1024;
const MAX_ZIP_ENTRIES = 10_000;
// Each is decoded on the way to the two that matter: 60 MiB of them held up everyone for a quarter of a second.
const MAX_ZIP_NAMES_LENGTH = 1024 * 1024;
const ZIP_STORED = 0;
const ZIP_DEFLATED = 8;
// Deflate can hide a thousandfold: this bounds the time that a header's lie can cost. Larger ones can be stored.
const MAX_DEFLATED_BYTES = 64 * 1024;

const LIMITS: ReadonlyMap<string, number> = new Map([
  [MANIFEST_FILE, STRICT_JSON_LIMITS.maxBytes],
  [BUNDLE_FILE, MAX_BUNDLE_BYTES],
]);

/**
 * Reads a package: a folder, or a `.locapp` zip of it; nothing is unpacked to disk, links are not followed.
 * Throws InvalidParams with `details.rule`, NotFound, or PayloadTooLarge.
 */
export async function readPackage(path: string): Promise<AppPackage> {
  assertAbsolutePath(path, 'package');
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) throw new RpcError('NotFound', 'There is no package at that path.');
  const files = found.isDirectory() ? await readFolder(path) : await readZip(path);
  return { manifestBytes: pick(files, MANIFEST_FILE), bundleBytes: pick(files, BUNDLE_FILE) };
}

type Files = ReadonlyMap<string, Uint8Array>;

function pick(files: Files, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) {
    throw refuseShape('missing_file', `The package has no ${name} at its top.`);
  }
  return bytes;
}

async function readFolder(folder: string): Promise<Files> {
  const files = new Map<string, Uint8Array>();
  for (const [name, maxBytes] of LIMITS) {
    const bytes = await readNamedFile(join(folder, name), { name, maxBytes });
    if (bytes !== undefined) files.set(name, bytes);
  }
  return files;
}

async function readZip(path: string): Promise<Files> {
  const limits = { name: 'The package', maxBytes: MAX_ZIP_BYTES };
  const zip = await readNamedFile(path, limits);
  if (zip === undefined) throw new RpcError('NotFound', 'There is no package at that path.');
  const filter = createZipFilter();
  try {
    return new Map(Object.entries(unzipSync(zip, { filter })));
  } catch (error) {
    if (error instanceof RpcError) throw error;
    throw refuseShape('zip', 'The package is neither a folder nor a zip that can be read.', error);
  }
}

/** Lets only the two known files through, and refuses archives that try tricks on whoever unpacks them. */
function createZipFilter(): (entry: UnzipFileInfo) => boolean {
  const seen = new Set<string>();
  let entries = 0;
  let namesLength = 0;
  return ({ name, size, originalSize, compression }) => {
    entries += 1;
    if (entries > MAX_ZIP_ENTRIES) {
      throw new RpcError('PayloadTooLarge', `A package has at most ${MAX_ZIP_ENTRIES} entries.`);
    }
    namesLength += name.length;
    if (namesLength > MAX_ZIP_NAMES_LENGTH) {
      throw new RpcError('PayloadTooLarge', 'The names of the entries are too long.');
    }
    if (!isInnerPath(name)) throw refuseShape('zip_path', 'An entry points outside the package.');
    const maxBytes = LIMITS.get(name);
    if (maxBytes === undefined) return false;
    if (seen.has(name)) throw refuseShape('zip_duplicate', `The package has ${name} twice.`);
    seen.add(name);
    if (originalSize > maxBytes) throw tooLarge({ name, maxBytes });
    if (compression !== ZIP_STORED && compression !== ZIP_DEFLATED) {
      throw refuseShape('zip_compression', `${name} is compressed in an unknown way.`);
    }
    const maxPackedBytes = compression === ZIP_DEFLATED ? MAX_DEFLATED_BYTES : maxBytes;
    if (size > maxPackedBytes) {
      throw tooLarge({ name: `${name}, packed,`, maxBytes: maxPackedBytes });
    }
    return true;
  };
}

function isInnerPath(name: string): boolean {
  return (
    !/[\\\0]|^[A-Za-z]:/.test(name) && !name.startsWith('/') && !name.split('/').includes('..')
  );
}

function refuseShape(rule: string, message: string, cause?: unknown): RpcError {
  return new RpcError('InvalidParams', message, { details: { rule }, cause });
}
