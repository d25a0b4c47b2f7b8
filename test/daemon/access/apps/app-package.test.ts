import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { strToU8, type Zippable, zipSync } from 'fflate';
import fc from 'fast-check';
import { RpcError } from '@locara/protocol';
import { readPackage } from '../../../../daemon/access/apps/app-package.ts';
import {
  createKeyPair,
  createManifest,
  createPackage,
  createTemporaryFolder,
  rejectionOf,
  ruleOf,
} from '../../../support/signed-package.ts';

const key = createKeyPair();
const manifest = new Uint8Array(createManifest());
const files = { 'locara.json': manifest, 'locara.json.sigstore.json': strToU8('{"b":1}') };

function writeZip(content: Zippable | Uint8Array): string {
  const path = join(createTemporaryFolder(), 'notes.locapp');
  writeFileSync(path, content instanceof Uint8Array ? content : zipSync(content));
  return path;
}

test('reads a folder and a zip of it to the same raw bytes', async () => {
  const folder = createPackage(key);
  const fromFolder = await readPackage(folder);
  const zip = writeZip({
    'locara.json': fromFolder.manifestBytes,
    'locara.json.sigstore.json': fromFolder.bundleBytes,
    'assets/icon.png': new Uint8Array(100),
  });
  const fromZip = await readPackage(zip);
  expect(Buffer.from(fromZip.manifestBytes)).toEqual(Buffer.from(fromFolder.manifestBytes));
  expect(Buffer.from(fromZip.bundleBytes)).toEqual(Buffer.from(fromFolder.bundleBytes));
  expect(Buffer.from(fromFolder.manifestBytes)).toEqual(createManifest());
});

test('reads a stored zip too', async () => {
  const { manifestBytes } = await readPackage(writeZip(zipSync(files, { level: 0 })));
  expect(Buffer.from(manifestBytes)).toEqual(Buffer.from(manifest));
});

test('wants an absolute path that exists', async () => {
  expect(await ruleOf(() => readPackage('notes'))).toBe('InvalidParams absolute_path');
  expect(await ruleOf(() => readPackage('/tmp/a\0b'))).toBe('InvalidParams absolute_path');
  expect((await rejectionOf(() => readPackage('/nonexistent/notes.locapp'))).reason).toBe(
    'NotFound',
  );
});

test('does not follow a link, as the package or in it', async () => {
  const folder = createPackage(key);
  const link = `${folder}-link`;
  symlinkSync(folder, link);
  expect(await ruleOf(() => readPackage(link))).toBe('InvalidParams regular_file');
  const inner = join(folder, 'locara.json');
  renameSync(inner, join(folder, 'other.json'));
  symlinkSync('other.json', inner);
  expect(await ruleOf(() => readPackage(folder))).toBe('InvalidParams regular_file');
});

test('does not wait for a pipe or read a folder in place of a file', async () => {
  const folder = createPackage(key);
  const inner = join(folder, 'locara.json');
  rmSync(inner);
  execFileSync('mkfifo', [inner]);
  expect(await ruleOf(() => readPackage(folder))).toBe('InvalidParams regular_file');
  rmSync(inner);
  mkdirSync(inner);
  expect(await ruleOf(() => readPackage(folder))).toBe('InvalidParams regular_file');
});

test('says which file is missing or too long', async () => {
  const folder = createPackage(key);
  truncateSync(join(folder, 'locara.json'), 256 * 1024 + 1);
  expect(await rejectionOf(() => readPackage(folder))).toMatchObject({
    reason: 'PayloadTooLarge',
    message: 'locara.json may have at most 262144 bytes.',
  });
  rmSync(join(folder, 'locara.json.sigstore.json'));
  truncateSync(join(folder, 'locara.json'), 10);
  expect(await ruleOf(() => readPackage(folder))).toBe('InvalidParams missing_file');
  expect(await ruleOf(() => readPackage(writeZip({ 'notes/locara.json': manifest })))).toBe(
    'InvalidParams missing_file',
  );
});

test.each(['../evil', 'a/../../evil', '/etc/passwd', 'a\\..\\evil', 'C:evil'])(
  'refuses a zip with an entry %s',
  async (name) => {
    expect(await ruleOf(() => readPackage(writeZip({ ...files, [name]: manifest })))).toBe(
      'InvalidParams zip_path',
    );
  },
);

test('refuses a zip that has a manifest twice', async () => {
  const zip = Buffer.from(zipSync({ ...files, 'locara.jsox': manifest }));
  const twice = Buffer.from(
    zip.toString('latin1').replaceAll('locara.jsox', 'locara.json'),
    'latin1',
  );
  expect(await ruleOf(() => readPackage(writeZip(twice)))).toBe('InvalidParams zip_duplicate');
});

test('refuses a bomb that is honest about its size', async () => {
  const bomb = { ...files, 'locara.json': new Uint8Array(8 * 1024 * 1024) };
  expect((await rejectionOf(() => readPackage(writeZip(bomb)))).reason).toBe('PayloadTooLarge');
});

/** A zip whose headers promise as many bytes as are packed in it; it unpacks to `bytes`. */
function createLyingBomb(bytes: number): Buffer {
  const packed = deflateRawSync(Buffer.alloc(bytes));
  const zip = Buffer.from(zipSync({ 'locara.json': [packed, { level: 0 }] }));
  const central = zip.indexOf('PK\u0001\u0002');
  zip.writeUInt16LE(8, 8);
  zip.writeUInt16LE(8, central + 10);
  return zip;
}

test('a bomb that lies about its size never unpacks to more than it promised', async () => {
  const small = writeZip(createLyingBomb(60 * 1024 * 1024));
  expect(await ruleOf(() => readPackage(small))).toBe('InvalidParams missing_file');
  const large = writeZip(createLyingBomb(70 * 1024 * 1024));
  expect((await rejectionOf(() => readPackage(large))).reason).toBe('PayloadTooLarge');
});

test('refuses a zip of more than 10,000 entries', async () => {
  const entries = Array.from({ length: 10_001 }, (_, index) => [`f${index}`, new Uint8Array()]);
  const zip = { ...(Object.fromEntries(entries) as Zippable), ...files };
  expect((await rejectionOf(() => readPackage(writeZip(zip)))).reason).toBe('PayloadTooLarge');
});

test('refuses what is no zip, and a zip over 64 MiB', async () => {
  expect(await ruleOf(() => readPackage(writeZip(strToU8('hello'))))).toBe('InvalidParams zip');
  expect(await ruleOf(() => readPackage(writeZip(new Uint8Array())))).toBe('InvalidParams zip');
  const large = writeZip(files);
  truncateSync(large, 64 * 1024 * 1024 + 1);
  expect((await rejectionOf(() => readPackage(large))).reason).toBe('PayloadTooLarge');
});

test('no changed bytes of a zip ever end in anything but a result or an RpcError', async () => {
  const zip = Buffer.from(zipSync(files));
  const path = writeZip(zip);
  const edit = fc.tuple(fc.nat(zip.length - 1), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
      const mutated = Buffer.from(zip);
      for (const [at, byte] of edits) mutated[at] = byte;
      writeFileSync(path, mutated);
      await readPackage(path).catch((error: unknown) => {
        expect(error).toBeInstanceOf(RpcError);
      });
    }),
    { numRuns: 300 },
  );
});

test.runIf(process.platform === 'linux')(
  'refuses a file that opens but cannot be read',
  async () => {
    expect(await ruleOf(() => readPackage('/proc/self/mem'))).toBe('InvalidParams regular_file');
  },
);

test('names that are megabytes long do not hold up the daemon', async () => {
  const names = Array.from({ length: 100 }, (_, index) => `${index}${'x'.repeat(60_000)}`);
  const entries = names.map((name) => [name, new Uint8Array()] as const);
  const path = writeZip(zipSync({ ...Object.fromEntries(entries), ...files }, { level: 0 }));
  const error = await rejectionOf(() => readPackage(path));
  expect(error.reason).toBe('PayloadTooLarge');
  expect(error.message).toBe('The names of the entries are too long.');
});
