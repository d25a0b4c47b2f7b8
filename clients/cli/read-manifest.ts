import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE, STRICT_JSON_LIMITS } from '@locara/protocol';
import { unzipSync, type UnzipFileInfo } from 'fflate';
import { CliError } from './context.ts';

const MAX_ZIP_BYTES = 64 * 1024 * 1024;
const MAX_ZIP_ENTRIES = 10_000;
// Deflate can hide a thousandfold: this bounds the time that a header's lie can cost. Larger ones can be stored.
const MAX_DEFLATED_BYTES = 64 * 1024;
const ZIP_STORED = 0;
const ZIP_DEFLATED = 8;
const ZIP_MAGIC = 'PK';
// No waiting on a pipe; in a package no following of a link, as the daemon does not follow it either.
const READ = constants.O_RDONLY | constants.O_NONBLOCK;
const READ_INSIDE = READ | constants.O_NOFOLLOW;

/**
 * The raw bytes of the manifest at `path`: a locara.json, a package folder, or a `.locapp` zip of one, of
 * which nothing else is unpacked. Throws CliError `NotFound` or `InvalidPackage`.
 */
export async function readManifestOf(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw notFound();
  if (found.isDirectory()) {
    return readFileBounded(join(path, MANIFEST_FILE), READ_INSIDE, STRICT_JSON_LIMITS.maxBytes);
  }
  const bytes = await readFileBounded(path, READ, MAX_ZIP_BYTES);
  const isZip = Buffer.from(bytes.subarray(0, ZIP_MAGIC.length)).toString('latin1') === ZIP_MAGIC;
  return isZip || path.endsWith('.locapp') ? unzipManifest(bytes) : bytes;
}

async function readFileBounded(path: string, flags: number, maxBytes: number): Promise<Uint8Array> {
  await using file = await open(path, flags).catch(() => {
    throw notFound();
  });
  const { size, isFile } = await statOf(file);
  if (!isFile) throw notFound();
  if (size > maxBytes) throw invalid(`A file has more than the ${maxBytes} bytes it may have.`);
  const buffer = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(buffer, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function statOf(file: FileHandle): Promise<{ size: number; isFile: boolean }> {
  const found = await file.stat();
  return { size: found.size, isFile: found.isFile() };
}

function unzipManifest(zip: Uint8Array): Uint8Array {
  let manifest: Uint8Array | undefined;
  try {
    manifest = unzipSync(zip, { filter: createFilter() })[MANIFEST_FILE];
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw invalid('It is not a zip that can be read.');
  }
  if (manifest === undefined) throw invalid(`It has no ${MANIFEST_FILE} at its top.`);
  return manifest;
}

/** Lets the manifest alone through, and refuses what installing would refuse: tricks on whoever unpacks. */
function createFilter(): (entry: UnzipFileInfo) => boolean {
  let entries = 0;
  let hasManifest = false;
  return ({ name, size, originalSize, compression }) => {
    entries += 1;
    if (entries > MAX_ZIP_ENTRIES) throw invalid(`It has more than ${MAX_ZIP_ENTRIES} entries.`);
    if (!isInnerPath(name)) throw invalid('One of its entries points outside of it.');
    if (name !== MANIFEST_FILE) return false;
    if (hasManifest) throw invalid(`It has ${MANIFEST_FILE} twice.`);
    hasManifest = true;
    const maxBytes = STRICT_JSON_LIMITS.maxBytes;
    if (originalSize > maxBytes) throw invalid(`Its manifest has more than ${maxBytes} bytes.`);
    if (compression !== ZIP_STORED && compression !== ZIP_DEFLATED) {
      throw invalid('Its manifest is compressed in an unknown way.');
    }
    if (size > (compression === ZIP_DEFLATED ? MAX_DEFLATED_BYTES : maxBytes)) {
      throw invalid('Its manifest is too large as it is packed.');
    }
    return true;
  };
}

function isInnerPath(name: string): boolean {
  return (
    !/[\\\0]|^[A-Za-z]:/.test(name) && !name.startsWith('/') && !name.split('/').includes('..')
  );
}

function notFound(): CliError {
  return new CliError('NotFound', `There is no readable ${MANIFEST_FILE} at that path.`);
}

function invalid(sentence: string): CliError {
  return new CliError('InvalidPackage', `This is not a package. ${sentence}`);
}
