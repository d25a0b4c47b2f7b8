import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { strToU8, type Zippable, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { type CliResult, locara } from '../../../support/run-cli.ts';
import { createManifest, createTemporaryFolder } from '../../../support/signed-package.ts';

type Overrides = Readonly<Record<string, unknown>>;

function writeManifest(overrides: Overrides = {}): string {
  const path = join(createTemporaryFolder(), 'locara.json');
  writeFileSync(path, createManifest(overrides));
  return path;
}

function writeZip(content: Zippable | Uint8Array, name = 'notes.locapp'): string {
  const path = join(createTemporaryFolder(), name);
  writeFileSync(path, content instanceof Uint8Array ? content : zipSync(content));
  return path;
}

const manifest = new Uint8Array(createManifest());
const verify = (path: string, ...options: string[]): Promise<CliResult> =>
  locara(['verify', path, ...options]);
const reasonOf = async (path: string): Promise<unknown> => {
  const { exitCode, stdout } = await verify(path, '--json');
  expect(exitCode).toBe(1);
  return (JSON.parse(stdout) as { error: { reason: unknown } }).error.reason;
};

describe('of a good manifest', () => {
  const asking = {
    modalities: ['text-to-text'],
    models: [`tiny@sha256:${'a'.repeat(64)}`],
    capabilities: {
      net: { allowed_hosts: ['api.example.org'], allowed_ports: [443] },
      fs: { 'user-selected': 'read-write', 'user-paths': { documents: 'read' } },
      device: { microphone: true, camera: false },
      background: { mode: 'passive', reasons: ['keeps the index fresh'] },
      notifications: { modes: ['badge'] },
      optional: ['llm:generate'],
    },
    storage: { quota_mb: 64, backups: { enabled: true } },
  };

  test('says in plain words all that it asks for', async () => {
    const { exitCode, stdout } = await verify(writeManifest(asking));
    expect(exitCode).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'Notes (acme/notes 1.0.0) is valid.',
      'It asks to:',
      '  • Read its own encrypted data.',
      '  • Keep and change its own encrypted data.',
      '  • Reach api.example.org.',
      '  • Use the network ports 443.',
      '  • Read and change the files you pick.',
      '  • Read the files in “documents”.',
      '  • Use the device “microphone”.',
      `  • Use the model tiny@sha256:${'a'.repeat(64)}.`,
      '  • Keep up to 64 MiB of its own data.',
      '  • Back up its own data.',
      '  • Stay in the background, waiting.',
      '  • Show a badge on its icon.',
      'It may ask later to:',
      '  • Write text with a language model on this computer.',
      'Why in the background: keeps the index fresh',
      'It can earn these badges, if the catalog has its models:',
      expect.stringContaining('Open Source'),
      'Who signed it is checked when it is installed.',
      '',
    ]);
  });

  test.each([
    [
      { concurrent_calls: 2, tokens_per_minute: 1000, tokens_per_day: 50_000 },
      'It limits itself to 2 calls at once, 1,000 tokens a minute, 50,000 tokens a day.',
    ],
    [{ concurrent_calls: 1 }, 'It limits itself to 1 call at once.'],
  ])('says the limits %j that it sets itself', async (limits, sentence) => {
    const path = writeManifest({ ...asking, limits });
    expect((await verify(path)).stdout.split('\n')).toContain(sentence);
    expect(JSON.parse((await verify(path, '--json')).stdout)).toMatchObject({ limits });
  });

  test('prints one document for machines, as its help says', async () => {
    const { stdout } = await verify(writeManifest(asking), '--json');
    const document = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(document)).toEqual([
      'ok',
      'appId',
      'version',
      'displayName',
      'capabilities',
      'rights',
      'models',
      'badges',
      'warnings',
    ]);
    expect(document).toMatchObject({
      ok: true,
      appId: 'acme/notes',
      capabilities: [
        { capability: 'llm:generate', optional: true },
        { capability: 'store:read', optional: false },
        { capability: 'store:write', optional: false },
      ],
      badges: [{ id: 'open-source' }],
      warnings: [],
    });
    const { stdout: help } = await locara(['verify', '--help']);
    for (const key of Object.keys(document)) expect(help).toContain(`"${key}"`);
  });

  test('names the badges that it can earn, and not where it came from', async () => {
    const { stdout } = await verify(writeManifest());
    expect(stdout).toContain('Fully Local');
    expect(stdout).toContain('No Telemetry');
    expect(stdout).not.toContain('Sideloaded');
  });

  test('with a doubt passes, and fails with --strict', async () => {
    const path = writeManifest({ capabilities: { net: true } });
    const lax = await verify(path);
    expect(lax.exitCode).toBe(0);
    expect(lax.stdout).toContain('Warning: capabilities.net: reaches every host');
    const strict = await verify(path, '--strict');
    expect(strict.exitCode).toBe(1);
    expect(strict.stderr).toContain('is valid, but --strict refuses its warnings:');
    expect(strict.stderr).toContain('capabilities.net: reaches every host');
    expect(strict.stderr).toContain('The manifest is valid, but --strict refuses its warnings:');
  });
});

test.each([
  ['a byte order mark', '\ufeff{}', 'no byte order mark'],
  ['a list', '[]', 'an object in braces'],
  ['half a document', '{', 'valid JSON'],
])('of %s names the file where there is no field to name', async (_what, text, rule) => {
  const path = writeManifest();
  writeFileSync(path, text);
  expect((await verify(path)).stderr).toContain(`\nlocara.json: ${rule}`);
});

test('of a wrong manifest names every field and rule, and exits with 1', async () => {
  const { exitCode, stdout, stderr } = await verify(
    writeManifest({ version: '1.0', storage: { sqll: true } }),
  );
  expect([exitCode, stdout]).toEqual([1, '']);
  expect(stderr).toContain('version: strict semantic versioning, as 1.2.3');
  expect(stderr).toContain('storage.sqll: no key of locara/v1; did you mean sql?');
});

test('without a path is misuse', async () => {
  expect((await locara(['verify'])).exitCode).toBe(2);
});

describe('reads', () => {
  test('a folder', async () => {
    const path = writeManifest();
    expect((await verify(join(path, '..'))).exitCode).toBe(0);
  });

  test('a zip, packed or stored, whatever its name', async () => {
    const files = { 'locara.json': manifest, 'assets/icon.png': new Uint8Array(100) };
    expect((await verify(writeZip(files))).exitCode).toBe(0);
    expect((await verify(writeZip(zipSync(files, { level: 0 }), 'notes.zip'))).exitCode).toBe(0);
  });
});

describe('refuses', () => {
  test('what is not there, or no file', async () => {
    const folder = createTemporaryFolder();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    mkdirSync(join(folder, 'empty'));
    for (const name of ['absent', 'pipe', 'empty']) {
      expect(await reasonOf(join(folder, name)), name).toBe('NotFound');
    }
  });

  test('a manifest that is a link inside a folder, as installing does', async () => {
    const folder = createTemporaryFolder();
    symlinkSync(writeManifest(), join(folder, 'locara.json'));
    expect(await reasonOf(folder)).toBe('NotFound');
  });

  test('a huge file, before it reads it', async () => {
    const path = writeManifest();
    truncateSync(path, 2 ** 32);
    expect(await reasonOf(path)).toBe('InvalidPackage');
  });

  test.each<[string, Zippable | Uint8Array]>([
    ['a zip without a manifest', { 'other.json': manifest }],
    ['a manifest one level down', { 'notes/locara.json': manifest }],
    ['an entry outside the package', { 'locara.json': manifest, '../x': strToU8('x') }],
    ['an absolute entry', { 'locara.json': manifest, '/etc/x': strToU8('x') }],
    ['a broken zip', strToU8('PK\u0003\u0004 and then nothing')],
    ['text under the name of a package', strToU8('hello')],
    ['a bomb', { 'locara.json': new Uint8Array(300 * 1024) }],
  ])('%s', async (_, content) => {
    expect(await reasonOf(writeZip(content))).toBe('InvalidPackage');
  });

  test('a second manifest in the zip', async () => {
    const zip = Buffer.from(zipSync({ 'locara.json': manifest, 'locara.jsoo': manifest }));
    for (let at = zip.indexOf('locara.jsoo'); at !== -1; at = zip.indexOf('locara.jsoo')) {
      zip.write('locara.json', at);
    }
    expect(await reasonOf(writeZip(new Uint8Array(zip)))).toBe('InvalidPackage');
  });

  test('a manifest whose header lies about its size', async () => {
    const zip = Buffer.from(zipSync({ 'locara.json': [new Uint8Array(0), { level: 0 }] }));
    const packed = deflateRawSync(Buffer.alloc(10 * 1024 * 1024));
    expect(packed.length).toBeLessThan(64 * 1024);
    const name = 'locara.json';
    const local = zip.indexOf(name);
    const body = Buffer.concat([
      zip.subarray(0, local + name.length),
      packed,
      zip.subarray(local + name.length),
    ]);
    const central = body.indexOf('PK\u0001\u0002', 0, 'latin1');
    body.writeUInt16LE(8, central + 10);
    body.writeUInt32LE(packed.length, central + 20);
    body.writeUInt32LE(100, central + 24);
    body.writeUInt32LE(central, body.length - 6);
    expect(['InvalidPackage', 'InvalidManifest']).toContain(
      await reasonOf(writeZip(new Uint8Array(body))),
    );
  });
});
