import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rightsOf } from '@locara/protocol';
import type { AppRegistry } from '../../../../daemon/access/apps/app-registry.ts';
import {
  generateInstallKey,
  renderCredentials,
} from '../../../../daemon/access/apps/credentials-file.ts';
import { createRecord, decide, openRegistry, revoke } from '../../../support/app-registry.ts';
import { createPaths } from '../../../support/home-paths.ts';
import { createManifest, rejectionOf } from '../../../support/signed-package.ts';

test('a record survives a restart whole, in files that only the owner can read', async () => {
  const paths = createPaths();
  const { record, manifestBytes } = createRecord({ description: 'Füße 𝄞' });
  const { registry } = await openRegistry(paths);
  await registry.put(record, { manifestBytes });
  const folder = paths.app('acme/notes');
  expect(readFileSync(join(folder, 'locara.json'))).toEqual(manifestBytes);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'app.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder).sort()).toEqual(['app.json', 'locara.json']);
  const again = await openRegistry(paths);
  expect(again.registry.find('acme/notes')).toEqual(record);
  expect(again.warnings).toEqual([]);
});

test('changes are on disk before they are announced', async () => {
  const paths = createPaths();
  const { record, manifestBytes } = createRecord();
  const { registry } = await openRegistry(paths);
  const seen: string[] = [];
  const stop = registry.onChange((appId, changed) => {
    const onDisk = readFileSync(join(paths.app(appId), 'app.json'), 'utf8');
    for (const grant of changed?.grants ?? []) expect(onDisk).toContain(`"${grant.state}"`);
    seen.push(`${appId} ${String(changed?.revoked)}`);
  });
  await registry.put(record, { manifestBytes });
  await registry.update('acme/notes', decide('store:write', 'revoked'));
  await registry.update('acme/notes', revoke);
  await registry.remove('acme/notes');
  stop();
  await registry.put(record, { manifestBytes });
  expect(seen).toEqual([
    'acme/notes false',
    'acme/notes false',
    'acme/notes true',
    'acme/notes undefined',
  ]);
});

test('concurrent changes are all kept', async () => {
  const paths = createPaths();
  const { record, manifestBytes } = createRecord();
  const { registry } = await openRegistry(paths);
  await registry.put(record, { manifestBytes });
  await Promise.all([
    registry.update('acme/notes', decide('store:read', 'denied')),
    registry.update('acme/notes', decide('store:write', 'revoked')),
    registry.update('acme/notes', revoke),
  ]);
  const expected = {
    revoked: true,
    grants: [
      { capability: 'store:read', state: 'denied' },
      { capability: 'store:write', state: 'revoked' },
    ],
  };
  expect(registry.find('acme/notes')).toMatchObject(expected);
  expect((await openRegistry(paths)).registry.find('acme/notes')).toMatchObject(expected);
});

test('a listener that fails disturbs neither the change nor the other listeners', async () => {
  const { registry, warnings } = await openRegistry(createPaths());
  const seen: string[] = [];
  registry.onChange(() => {
    throw new Error('secret');
  });
  registry.onChange((appId) => void seen.push(appId));
  const { record, manifestBytes } = createRecord();
  await registry.put(record, { manifestBytes });
  expect(seen).toEqual(['acme/notes']);
  expect(warnings).toEqual([{ appId: 'acme/notes' }]);
});

test.each([
  ['is not JSON', () => '{"version":1'],
  ['is empty', () => ''],
  [
    'is for another app',
    (text: string) => text.replace('"appId": "acme/notes"', '"appId": "acme/other"'),
  ],
  ['has a changed manifest', (text: string) => text.replace('Keeps notes.', 'Keeps goats.')],
  ['has an unknown field', (text: string) => text.replace('"version"', '"admin": true, "version"')],
  ['has an unknown grant state', (text: string) => text.replace('"granted"', '"always"')],
])('a record that %s disables that app alone, named in the log', async (_, damage) => {
  const paths = createPaths();
  const first = await openRegistry(paths);
  for (const name of ['notes', 'other']) {
    const { record, manifestBytes } = createRecord({ name });
    await first.registry.put(record, { manifestBytes });
  }
  const path = join(paths.app('acme/notes'), 'app.json');
  writeFileSync(path, damage(readFileSync(path, 'utf8')));
  const { registry, warnings } = await openRegistry(paths);
  expect((await registry.list()).map(({ appId }) => appId)).toEqual(['acme/other']);
  expect(registry.isDamaged('acme/notes')).toBe(true);
  expect(warnings).toEqual([{ appId: 'acme/notes' }]);
  await registry.remove('acme/notes');
  expect(registry.findFormer('acme/notes')).toEqual({
    appId: 'acme/notes',
    signer: { id: 'unknown', words: 'a signer that its damaged record no longer names' },
    version: '0.0.0',
  });
  await registry.forget('acme/notes');
  expect(existsSync(paths.app('acme/notes'))).toBe(false);
});

test('half an update, cut off before its rename, leaves the old record', async () => {
  const paths = createPaths();
  const { record, manifestBytes } = createRecord();
  await (await openRegistry(paths)).registry.put(record, { manifestBytes });
  const folder = paths.app('acme/notes');
  writeFileSync(join(folder, 'locara.json'), createManifest({ version: '2.0.0' }));
  writeFileSync(join(folder, 'app.json.0123456789ab.tmp'), '{"ver');
  const { registry, warnings } = await openRegistry(paths);
  expect(registry.find('acme/notes')).toEqual(record);
  expect(registry.isIntact('acme/notes')).toBe(true);
  expect(warnings).toEqual([]);
});

/** Credentials as an installation writes them, for a manifest of that digest. */
function createCredentials(
  manifestDigest: string,
  key = generateInstallKey(),
): { readonly text: string; readonly publicKey: Uint8Array } {
  const installKey = key.privateKeyPem;
  const credentials = { appId: 'acme/notes', manifestDigest, installKey };
  const text = renderCredentials({ ...credentials, daemonPublicKey: 'x', socket: '/s' });
  return { text, publicKey: key.publicKey };
}

test('credentials that an update had replaced before the crash name the old manifest again', async () => {
  const paths = createPaths();
  const { record, manifestBytes } = createRecord();
  const { text, publicKey } = createCredentials(`sha256:${'f'.repeat(64)}`);
  const installed = { ...record, installPublicKey: publicKey };
  await (await openRegistry(paths)).registry.put(installed, { manifestBytes, credentials: text });
  await openRegistry(paths);
  const path = join(paths.app('acme/notes'), 'credentials.json');
  const aligned = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  expect(aligned).toEqual({ ...JSON.parse(text), manifestDigest: record.manifestDigest } as object);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('credentials with a key that the record does not have stay as they are', async () => {
  const paths = createPaths();
  const { record, manifestBytes } = createRecord();
  const { text } = createCredentials(`sha256:${'f'.repeat(64)}`);
  await (await openRegistry(paths)).registry.put(record, { manifestBytes, credentials: text });
  await openRegistry(paths);
  const path = join(paths.app('acme/notes'), 'credentials.json');
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('what a crash left is removed at the next start: half files, and keys without a record', async () => {
  const paths = createPaths();
  const folder = paths.app('acme/notes');
  mkdirSync(folder, { recursive: true });
  for (const name of ['credentials.json', 'credentials.json.0123456789ab.tmp']) {
    writeFileSync(join(folder, name), createCredentials('sha256:').text);
  }
  await openRegistry(paths);
  expect(readdirSync(folder)).toEqual([]);
});

test('a removed app leaves who signed it, and nothing to authenticate with', async () => {
  const paths = createPaths();
  const { record, manifestBytes } = createRecord();
  const { registry } = await openRegistry(paths);
  await registry.put(record, { manifestBytes });
  for (const left of ['credentials.json', 'credentials.json.0123.tmp']) {
    writeFileSync(join(paths.app('acme/notes'), left), '{}');
  }
  await registry.remove('acme/notes');
  expect(registry.find('acme/notes')).toBeUndefined();
  expect(readdirSync(paths.app('acme/notes'))).toEqual(['former.json']);
  const again = (await openRegistry(paths)).registry;
  expect(again.find('acme/notes')).toBeUndefined();
  expect(again.findFormer('acme/notes')).toEqual({
    appId: 'acme/notes',
    signer: { id: 'key:abc', words: 'key you trust “Ada”' },
    version: '1.0.0',
    standing: {
      manifestDigest: record.manifestDigest,
      asked: rightsOf(record.manifest),
      approved: record.approved,
      grants: record.grants,
    },
  });
  await again.put(record, { manifestBytes });
  expect(again.findFormer('acme/notes')).toBeUndefined();
});

test.each([
  '__proto__',
  'constructor',
  '../acme',
  'acme/../../x',
  'Acme/Notes',
  'аcme/notes',
  'acme/notes\0',
  '',
])('the id %j is nobody, and never becomes a path', async (appId) => {
  const paths = createPaths();
  const { registry } = await openRegistry(paths);
  const { record, manifestBytes } = createRecord();
  await registry.put(record, { manifestBytes });
  expect(registry.find(appId)).toBeUndefined();
  for (const change of [
    () => registry.update(appId, revoke),
    () => registry.remove(appId),
    () => registry.forget(appId),
    () => registry.update(appId, decide('store:read', 'granted')),
    () => registry.put({ ...record, appId }, { manifestBytes }),
  ]) {
    expect((await rejectionOf(change)).reason).toBe('NotFound');
  }
  expect(readdirSync(paths.apps)).toEqual(['acme']);
  expect(readdirSync(join(paths.apps, 'acme'))).toEqual(['notes']);
});

test('links and strange names among the app folders are passed over', async () => {
  const paths = createPaths();
  const { record, manifestBytes } = createRecord();
  await (await openRegistry(paths)).registry.put(record, { manifestBytes });
  symlinkSync(join(paths.apps, 'acme'), join(paths.apps, 'evil'));
  mkdirSync(join(paths.apps, 'Upper', 'case'), { recursive: true });
  writeFileSync(join(paths.apps, 'file'), 'x');
  const { registry, warnings } = await openRegistry(paths);
  expect((await registry.list()).map(({ appId }) => appId)).toEqual(['acme/notes']);
  expect(warnings).toEqual([]);
});

describe('when the record cannot be written', () => {
  /** A registry with one app whose app.json cannot be replaced, as on a full disk. */
  async function openStuck(): Promise<{ registry: AppRegistry; seen: string[] }> {
    const paths = createPaths();
    const { record, manifestBytes } = createRecord();
    const { registry } = await openRegistry(paths);
    await registry.put(record, { manifestBytes });
    const path = join(paths.app('acme/notes'), 'app.json');
    rmSync(path);
    mkdirSync(path);
    const seen: string[] = [];
    registry.onChange((appId) => void seen.push(appId));
    return { registry, seen };
  }

  test('nothing else changes', async () => {
    const { registry, seen } = await openStuck();
    const grant = decide('store:write', 'denied');
    await expect(registry.update('acme/notes', grant)).rejects.toThrow();
    const { grants } = registry.find('acme/notes') ?? {};
    expect(grants).toContainEqual({ capability: 'store:write', state: 'granted' });
    expect(seen).toEqual([]);
  });

  test('what the user takes back is gone all the same, and the sessions are told', async () => {
    const { registry, seen } = await openStuck();
    const narrowing = { isNarrowing: true };
    const one = registry.update('acme/notes', decide('store:read', 'revoked'), narrowing);
    await expect(one).rejects.toThrow();
    const { grants } = registry.find('acme/notes') ?? {};
    expect(grants).toContainEqual({ capability: 'store:read', state: 'revoked' });
    await expect(registry.update('acme/notes', revoke, narrowing)).rejects.toThrow();
    expect(registry.find('acme/notes')?.revoked).toBe(true);
    expect(seen).toEqual(['acme/notes', 'acme/notes']);
  });
});
