import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRecord, openRegistry, revoke } from '../../../support/app-registry.ts';
import { createPaths } from '../../../support/home-paths.ts';
import { rejectionOf } from '../../../support/signed-package.ts';

test('an app folder that cannot be read disables that app alone, and not the daemon', async () => {
  const paths = createPaths();
  const first = await openRegistry(paths);
  for (const name of ['notes', 'other']) {
    const { record, manifestBytes } = createRecord({ name });
    await first.registry.put(record, { manifestBytes });
  }
  rmSync(join(paths.app('acme/notes'), 'app.json'));
  mkdirSync(join(paths.app('acme/notes'), 'app.json'));
  const { registry, warnings } = await openRegistry(paths);
  expect((await registry.list()).map(({ appId }) => appId)).toEqual(['acme/other']);
  expect(await registry.listDamaged()).toEqual(['acme/notes']);
  expect(warnings).toEqual([expect.objectContaining({ appId: 'acme/notes' })]);
  await registry.remove('acme/notes');
  expect(registry.isDamaged('acme/notes')).toBe(false);
});

test('a change of an app whose record is damaged says how to go on', async () => {
  const paths = createPaths();
  mkdirSync(paths.app('acme/notes'), { recursive: true });
  writeFileSync(join(paths.app('acme/notes'), 'app.json'), '{"version":1}');
  const { registry } = await openRegistry(paths);
  const { reason, message } = await rejectionOf(() => registry.update('acme/notes', revoke));
  expect(reason).toBe('Conflict');
  expect(message).toContain('locara app uninstall acme/notes --wipe');
});

test('a removal that failed can be done again, and still says who signed the app', async () => {
  const paths = createPaths();
  const { record, manifestBytes } = createRecord();
  const { registry } = await openRegistry(paths);
  await registry.put(record, { manifestBytes });
  const former = join(paths.app('acme/notes'), 'former.json');
  mkdirSync(former);
  await expect(registry.remove('acme/notes')).rejects.toThrow();
  expect(registry.find('acme/notes')).toBeUndefined();
  rmSync(former, { recursive: true });
  await registry.remove('acme/notes');
  expect(registry.findFormer('acme/notes')?.signer).toMatchObject({ id: record.signer.id });
});

test.each([
  ['keys of no installation', 'credentials.json'],
  ['a half-written record', 'app.json.0123456789ab.tmp'],
])('a folder in the place of %s does not keep the daemon from starting', async (_, name) => {
  const paths = createPaths();
  mkdirSync(join(paths.app('acme/notes'), name, 'deep'), { recursive: true });
  const { registry } = await openRegistry(paths);
  expect(await registry.list()).toEqual([]);
  expect(existsSync(join(paths.app('acme/notes'), name))).toBe(false);
});

test('an app whose manifest cannot be written again after a crash is kept out, and the others are not', async () => {
  const paths = createPaths();
  const { registry } = await openRegistry(paths);
  for (const name of ['notes', 'tasks']) {
    const { record, manifestBytes } = createRecord({ name });
    await registry.put(record, { manifestBytes });
  }
  const folder = paths.app('acme/notes');
  writeFileSync(join(folder, 'app.json.0123456789ab.tmp'), '');
  rmSync(join(folder, 'locara.json'));
  mkdirSync(join(folder, 'locara.json', 'deep'), { recursive: true });
  const again = await openRegistry(paths);
  const apps = (await again.registry.list()).map(({ appId }) => appId);
  expect(apps.filter((appId) => again.registry.isIntact(appId))).toEqual(['acme/tasks']);
  expect(again.warnings).toEqual([{ appId: 'acme/notes' }]);
});
