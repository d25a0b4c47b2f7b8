import { describe, expect, test } from 'vitest';
import { checkManifest, declaredCapabilities, isAppId } from '@locara/protocol';
import { createManifest } from '../support/signed-package.ts';

const PIN = `stories-260k@sha256:${'a'.repeat(64)}`;

function errorsOf(overrides: Readonly<Record<string, unknown>>): string[] {
  return checkManifest(createManifest(overrides)).errors.map(({ path }) => path);
}

function warningsOf(overrides: Readonly<Record<string, unknown>>): string[] {
  const { errors, warnings } = checkManifest(createManifest(overrides));
  expect(errors).toEqual([]);
  return warnings.map(({ path }) => path);
}

test('what is left out has the safe default', () => {
  const { manifest, warnings } = checkManifest(createManifest());
  expect(warnings).toEqual([]);
  expect(manifest).toMatchObject({
    modalities: [],
    models: [],
    capabilities: {
      net: false,
      fs: { 'user-selected': 'read', 'app-data': 'read-write' },
      device: {},
      tools: [],
      ipc: [],
      background: false,
      notifications: false,
      optional: [],
    },
    storage: { sql: false, backups: { enabled: false } },
  });
});

test('a full manifest of every optional field is accepted without a warning', () => {
  const full = {
    longDescription: 'Long\nand over two lines.',
    homepage: 'https://example.org',
    category: 'productivity',
    tags: ['notes'],
    icon: 'icon.png',
    screenshots: ['shots/one.png'],
    modalities: ['text-to-text'],
    models: [PIN],
    capabilities: {
      net: { allowed_hosts: ['api.example.org', '*.example.net'], allowed_ports: [443] },
      fs: {
        'user-selected': 'read-write',
        'app-data': 'read',
        'user-paths': { documents: 'read' },
      },
      device: { microphone: true },
      tools: ['ocr'],
      background: { mode: 'passive', reasons: ['keeps the index fresh'] },
      notifications: { modes: ['badge'] },
      optional: ['llm:generate'],
    },
    storage: {
      sql: true,
      encryption: 'sqlcipher',
      vector: { engine: 'sqlite-vec' },
      quota_mb: 64,
      backups: { enabled: true },
    },
    profiles: { low: { min_ram_gb: 8 } },
    entry: { web: 'index.html' },
    build: ['anything'],
  };
  expect(warningsOf(full)).toEqual([]);
});

describe('refuses', () => {
  test.each([
    ['an unknown key', { surprise: 1 }, 'surprise'],
    ['an unknown inner key', { storage: { sqll: true } }, 'storage.sqll'],
    ['another schema', { schema: 'locara/v2' }, 'schema'],
    ['upper case in the name', { name: 'Notes' }, 'name'],
    ['a homoglyph in the publisher', { publisher: 'аcme' }, 'publisher'],
    ['a path as the name', { name: '../x' }, 'name'],
    ['a slash in the name', { name: 'a/b' }, 'name'],
    ['__proto__ as the publisher', { publisher: '__proto__' }, 'publisher'],
    ['a version that is not semver', { version: '1.0' }, 'version'],
    ['a version with a leading zero', { version: '1.02.0' }, 'version'],
    ['a line break after the version', { version: '1.0.0\n' }, 'version'],
    ['a display name of 41 characters', { displayName: 'x'.repeat(41) }, 'displayName'],
    ['a description of 141 characters', { description: 'x'.repeat(141) }, 'description'],
    ['an escape sequence in what people read', { displayName: 'a\u001b[2J' }, 'displayName'],
    [
      'an escape sequence in a path that people read',
      { capabilities: { fs: { 'user-paths': { '\u001b[2J': 'read' } } } },
      'capabilities.fs.user-paths.\ufffd[2J',
    ],
    ['text turned around', { displayName: 'a\u202eb' }, 'displayName'],
    ['11 tags', { tags: Array.from({ length: 11 }, (_, index) => `t${index}`) }, 'tags'],
    ['6 screenshots', { screenshots: Array(6).fill('a.png') }, 'screenshots'],
    ['an icon outside the package', { icon: 'a/../../b.png' }, 'icon'],
    ['a script as the homepage', { homepage: 'javascript:alert(1)' }, 'homepage'],
    ['an unknown modality', { modalities: ['text-to-smell'] }, 'modalities[0]'],
    ['a model without digest', { models: ['stories-260k'] }, 'models[0]'],
    ['a half digest', { models: ['stories-260k@sha256:abc'] }, 'models[0]'],
    [
      'an unknown optional capability',
      { capabilities: { optional: ['root'] } },
      'capabilities.optional[0]',
    ],
    [
      'a URL as a host',
      { capabilities: { net: { allowed_hosts: ['http://a'] } } },
      'capabilities.net.allowed_hosts[0]',
    ],
    [
      'a port over 65535',
      { capabilities: { net: { allowed_hosts: ['a'], allowed_ports: [70_000] } } },
      'capabilities.net.allowed_ports[0]',
    ],
    [
      'a device that is not a boolean',
      { capabilities: { device: { camera: 'yes' } } },
      'capabilities.device.camera',
    ],
  ])('%s', (_, overrides, path) => {
    expect(errorsOf(overrides)).toEqual([path]);
  });

  test.each([
    'schema',
    'name',
    'publisher',
    'version',
    'displayName',
    'description',
    'license',
    'author',
  ])('a manifest without %s', (field) => {
    expect(errorsOf({ [field]: undefined })).toEqual([field]);
  });

  test('a repeated key, which review and enforcement could read differently', () => {
    const text = createManifest().toString().replace('"name"', '"publisher": "evil", "name"');
    expect(checkManifest(Buffer.from(text)).errors).toEqual([
      { path: 'publisher', rule: 'each key once' },
    ]);
  });

  test('an own __proto__ key', () => {
    const text = createManifest().toString().replace('"name"', '"__proto__": {}, "name"');
    expect(checkManifest(Buffer.from(text)).manifest).toBeUndefined();
  });
});

describe('warns of', () => {
  test.each([
    ['net true', { capabilities: { net: true } }, 'capabilities.net'],
    ['no repository', { repository: undefined }, 'repository'],
    ['models that no modality uses', { models: [PIN] }, 'models'],
    ['a modality without a model', { modalities: ['text-to-text'] }, 'modalities'],
    ['a modality that is not offered', { modalities: ['text-to-image'] }, 'modalities[0]'],
    ['a model pinned twice', { modalities: ['text-to-text'], models: [PIN, PIN] }, 'models[1]'],
    [
      'an optional capability declared nowhere else',
      { capabilities: { optional: ['ocr:run'] } },
      'capabilities.optional[0]',
    ],
    [
      'SQL without app data',
      { storage: { sql: true }, capabilities: { fs: { 'app-data': false } } },
      'storage.sql',
    ],
    [
      'a collection shared with itself',
      { capabilities: { ipc: [{ app: 'acme/notes', collection: 'people', access: 'read' }] } },
      'capabilities.ipc[0].app',
    ],
  ])('%s', (_, overrides, path) => {
    expect(warningsOf(overrides)).toEqual([path]);
  });
});

test('with a catalog, compares models and modalities one by one', () => {
  const embedder = `glove@sha256:${'b'.repeat(64)}`;
  const tasks = new Map([
    [PIN, 'text-to-text'],
    [embedder, 'text-to-embedding'],
  ]);
  const warn = (modalities: string[], models: string[]): string[] =>
    checkManifest(createManifest({ modalities, models }), (pin) => tasks.get(pin)).warnings.map(
      ({ path }) => path,
    );
  expect(warn(['text-to-text-thinking', 'text-to-embedding'], [PIN, embedder])).toEqual([]);
  expect(warn(['text-to-text'], [PIN, embedder])).toEqual(['models[1]']);
  expect(warn(['text-to-text', 'image-to-text'], [PIN])).toEqual(['modalities[1]']);
  expect(warn(['text-to-text'], [PIN, `gone@sha256:${'c'.repeat(64)}`])).toEqual(['models[1]']);
});

test('a path is safe to print whatever the key', () => {
  const { errors } = checkManifest(createManifest({ 'a\u001b[2J\u202eb': 1 }));
  expect(errors).toEqual([{ path: 'a\ufffd[2J\ufffdb', rule: 'no key of locara/v1' }]);
});

test('declares exactly what the contract derives from a manifest', () => {
  const declaredBy = (overrides: Readonly<Record<string, unknown>>): readonly string[] => {
    const { manifest } = checkManifest(createManifest(overrides));
    return manifest === undefined ? ['invalid'] : declaredCapabilities(manifest);
  };
  expect(declaredBy({})).toEqual(['store:read', 'store:write']);
  expect(declaredBy({ capabilities: { fs: { 'app-data': 'read' } } })).toEqual(['store:read']);
  expect(declaredBy({ capabilities: { fs: { 'app-data': false } } })).toEqual([]);
  expect(
    declaredBy({
      modalities: ['text-to-text-thinking', 'text-to-embedding', 'speech-to-text', 'image-to-text'],
      storage: { sql: true },
      capabilities: { tools: ['ocr'], fs: { 'app-data': false }, optional: ['tools:vision'] },
    }),
  ).toEqual([
    'embed:create',
    'llm:generate',
    'ocr:run',
    'store:sql',
    'tools:ocr',
    'tools:vision',
    'transcribe:run',
  ]);
});

test('only publisher/name in the manifest syntax is an app id', () => {
  expect(isAppId('acme/notes')).toBe(true);
  for (const id of [
    '__proto__',
    '../x',
    'acme/..',
    'acme/notes/x',
    'Acme/notes',
    'аcme/notes',
    'acme',
    '/notes',
    'acme/',
    'acme/notes\0',
    '__proto__/x',
  ]) {
    expect(isAppId(id), id).toBe(false);
  }
});
