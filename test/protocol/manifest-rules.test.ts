import { describe, expect, test } from 'vitest';
import { AppManifest, checkManifest } from '@locara/protocol';
import { createManifest } from '../support/signed-package.ts';

type Overrides = Readonly<Record<string, unknown>>;

const errorsOf = (overrides: Overrides) => checkManifest(createManifest(overrides)).errors;
const rulesOf = (overrides: Overrides): string[] =>
  errorsOf(overrides).map(({ path, rule }) => `${path}: ${rule}`);
const hosts = (...allowed_hosts: string[]) => ({ capabilities: { net: { allowed_hosts } } });
const userPaths = (...paths: string[]) => ({
  capabilities: {
    fs: { 'user-paths': Object.fromEntries(paths.map((path) => [path, 'read'])) },
  },
});

describe('the safe default of', () => {
  const minimal = AppManifest.parse(JSON.parse(createManifest().toString()));
  const { capabilities, storage } = minimal;

  test.each<[string, unknown, unknown]>([
    ['capabilities.net', capabilities.net, false],
    ['capabilities.fs.user-selected', capabilities.fs['user-selected'], 'read'],
    ['capabilities.fs.app-data', capabilities.fs['app-data'], 'read-write'],
    ['capabilities.fs.user-paths', capabilities.fs['user-paths'], undefined],
    ['capabilities.device', capabilities.device, {}],
    ['capabilities.tools', capabilities.tools, []],
    ['capabilities.ipc', capabilities.ipc, []],
    ['capabilities.background', capabilities.background, false],
    ['capabilities.notifications', capabilities.notifications, false],
    ['capabilities.optional', capabilities.optional, []],
    ['modalities', minimal.modalities, []],
    ['models', minimal.models, []],
    ['storage.sql', storage.sql, false],
    ['storage.backups.enabled', storage.backups.enabled, false],
  ])('%s', (_, value, expected) => {
    expect(value).toEqual(expected);
  });

  test('capabilities.background.mode, when only reasons are given', () => {
    const { manifest } = checkManifest(
      createManifest({ capabilities: { background: { reasons: ['syncs'] } } }),
    );
    expect(manifest?.capabilities.background).toMatchObject({ mode: false });
  });
});

describe('an error names the field and the rule', () => {
  test.each<[Overrides, string]>([
    [{ name: undefined }, 'name: is required'],
    [{ displayName: 5 }, 'displayName: text in quotes'],
    [{ displayName: 'x'.repeat(41) }, 'displayName: at most 40 characters'],
    [{ displayName: '' }, 'displayName: at least one visible character'],
    [{ tags: Array(11).fill('a') }, 'tags: at most 10 entries'],
    [{ modalities: {} }, 'modalities: a list in brackets'],
    [{ capabilities: [] }, 'capabilities: an object in braces'],
    [{ storage: { sql: 1 } }, 'storage.sql: true or false'],
    [{ storage: { quota_mb: 1.5 } }, 'storage.quota_mb: a whole number'],
    [{ storage: { quota_mb: 0 } }, 'storage.quota_mb: at least 1'],
    [{ limits: { tokens_per_day: 0 } }, 'limits.tokens_per_day: at least 1'],
    [{ limits: { tokens_per_minute: 1e13 } }, 'limits.tokens_per_minute: at most 1000000000000'],
    [{ limits: { concurrent_calls: '8' } }, 'limits.concurrent_calls: a number'],
    [{ profiles: { low: { min_ram_gb: 0 } } }, 'profiles.low.min_ram_gb: more than 0'],
    [{ schema: 'locara/v2' }, 'schema: "locara/v1"'],
    [{ version: '1.0' }, 'version: strict semantic versioning, as 1.2.3'],
    [
      { models: ['tiny'] },
      'models[0]: a pinned model: <catalog id>@sha256:<64 lower-case hex digits>',
    ],
    [
      { capabilities: { fs: { 'app-data': 'write' } } },
      'capabilities.fs.app-data: one of "read-write", "read", false',
    ],
    [
      { capabilities: { net: 'none' } },
      'capabilities.net: false, true, or {allowed_hosts, allowed_ports?}',
    ],
    [
      { capabilities: { background: { mode: 'always' } } },
      'capabilities.background.mode: one of "active", "passive", false',
    ],
  ])('%j', (overrides, expected) => {
    expect(rulesOf(overrides)).toEqual([expected]);
  });

  test('of the document when it is no object', () => {
    expect(checkManifest(Buffer.from('[]')).errors).toEqual([
      { path: '', rule: 'an object in braces' },
    ]);
  });

  test('and never the value', () => {
    const secret = 'hunter2 hunter2';
    const found = JSON.stringify([
      errorsOf({ name: secret, license: secret, schema: secret, homepage: secret }),
      errorsOf({ capabilities: { net: { allowed_hosts: [secret] }, background: secret } }),
      errorsOf({ author: secret, modalities: [secret], models: [secret] }),
    ]);
    expect(found).not.toContain('hunter2');
  });
});

describe('a mistyped key is answered with the one that was meant', () => {
  test.each<[Overrides, string]>([
    [{ modalites: [] }, 'modalities'],
    [{ displayname: 'x' }, 'displayName'],
    [{ capabilities: { bakcground: true } }, 'background'],
    [{ capabilities: { net: { allowedHosts: ['a.b'], allowed_hosts: ['a.b'] } } }, 'allowed_hosts'],
    [{ capabilities: { fs: { app_data: 'read' } } }, 'app-data'],
  ])('%j', (overrides, key) => {
    expect(errorsOf(overrides).map(({ rule }) => rule)).toEqual([
      `no key of locara/v1; did you mean ${key}?`,
    ]);
  });

  test('but not when none is near', () => {
    expect(rulesOf({ surprise: 1 })).toEqual(['surprise: no key of locara/v1']);
    expect(rulesOf({ constructor: 1 })).toEqual(['constructor: no key of locara/v1']);
  });

  test('and thousands of wrong keys are answered with a few', () => {
    const keys = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, 1]));
    expect(errorsOf(keys)).toHaveLength(65);
  });
});

describe('attack 29: a document that two readers could read differently', () => {
  const text = createManifest().toString();
  test.each([
    ['a repeated key', text.replace('{', '{"name":"evil",'), 'each key once'],
    ['a key repeated by escapes', text.replace('{', '{"n\\u0061me":"evil",'), 'each key once'],
    ['a byte order mark', `\ufeff${text}`, 'no byte order mark'],
    ['a second document', `${text}{}`, 'nothing after the value'],
    ['a trailing NUL', `${text}\0`, 'nothing after the value'],
    ['a comment', `${text}// reviewed`, 'nothing after the value'],
    ['an own __proto__', text.replace('{', '{"__proto__":{},'), 'no key named __proto__'],
  ])('is refused: %s', (_, document, rule) => {
    expect(checkManifest(Buffer.from(document)).errors.map((error) => error.rule)).toEqual([rule]);
  });
});

describe('a reviewer is warned of', () => {
  const path = 'capabilities.fs.user-paths.documents';
  test.each<[string, Overrides, string]>([
    ['a top-level domain', hosts('*.com'), 'capabilities.net.allowed_hosts[0]'],
    ['a name of the local network', hosts('nas.local'), 'capabilities.net.allowed_hosts[0]'],
    ['a single-label name', hosts('intranet'), 'capabilities.net.allowed_hosts[0]'],
    ['the whole home folder', userPaths('~'), 'capabilities.fs.user-paths.~'],
    ['the whole disk', userPaths('/**'), 'capabilities.fs.user-paths./**'],
    [
      'changing a folder',
      { capabilities: { fs: { 'user-paths': { documents: 'read-write' } } } },
      path,
    ],
    ['much space', { storage: { quota_mb: 2048 } }, 'storage.quota_mb'],
    [
      'an unknown device',
      { capabilities: { device: { teleporter: true } } },
      'capabilities.device.teleporter',
    ],
  ])('%s', (_, overrides, expected) => {
    const { errors, warnings } = checkManifest(createManifest(overrides));
    expect(errors).toEqual([]);
    expect(warnings.map((warning) => warning.path)).toEqual([expected]);
  });
});
