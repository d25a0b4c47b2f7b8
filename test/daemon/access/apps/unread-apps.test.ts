import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AppRegistry } from '../../../../daemon/access/apps/app-registry.ts';
import { createRecord, openRegistry, revoke } from '../../../support/app-registry.ts';
import { createPaths } from '../../../support/home-paths.ts';
import { createManifest, rejectionOf } from '../../../support/signed-package.ts';

describe('a record is read when somebody first asks for the app', () => {
  test('not before, and then a damaged one disables the app', async () => {
    const paths = createPaths();
    const { record, manifestBytes } = createRecord();
    await (await openRegistry(paths)).registry.put(record, { manifestBytes });
    writeFileSync(join(paths.app('acme/notes'), 'app.json'), '{"version":1}');
    const { registry, warnings } = await openRegistry(paths);
    expect(registry.listExpanding()).toEqual([]);
    expect(warnings).toEqual([]);
    expect(registry.find('acme/notes')).toBeUndefined();
    expect(registry.isDamaged('acme/notes')).toBe(true);
    expect(warnings).toEqual([{ appId: 'acme/notes' }]);
  });

  test('an edited manifest is noticed then', async () => {
    const paths = createPaths();
    const { record, manifestBytes } = createRecord();
    await (await openRegistry(paths)).registry.put(record, { manifestBytes });
    writeFileSync(
      join(paths.app('acme/notes'), 'locara.json'),
      createManifest({ version: '9.0.0' }),
    );
    const { registry, warnings } = await openRegistry(paths);
    expect(registry.isIntact('acme/notes')).toBe(false);
    expect(warnings).toEqual([{ appId: 'acme/notes' }]);
  });

  test.each<[string, (registry: AppRegistry) => Promise<unknown>]>([
    ['changed', (registry) => registry.update('acme/notes', revoke)],
    ['removed', (registry) => registry.remove('acme/notes')],
  ])('also when the app is %s before anybody asked', async (_, change) => {
    const paths = createPaths();
    const { record, manifestBytes } = createRecord();
    await (await openRegistry(paths)).registry.put(record, { manifestBytes });
    const { registry } = await openRegistry(paths);
    await change(registry);
    expect(registry.find('acme/notes')?.revoked).not.toBe(false);
  });

  test('and nobody forgets what an app left that is still installed', async () => {
    const paths = createPaths();
    const { record, manifestBytes } = createRecord();
    await (await openRegistry(paths)).registry.put(record, { manifestBytes });
    const { registry } = await openRegistry(paths);
    expect((await rejectionOf(() => registry.forget('acme/notes'))).reason).toBe('Conflict');
  });

  test('an app whose update waits for the user is known without being asked for', async () => {
    const paths = createPaths();
    const { record, manifestBytes } = createRecord();
    const expansion = {
      diffDigest: record.manifestDigest,
      fromVersion: '0.9.0',
      firstSeenAt: record.installedAt,
      waited: { elapsedMs: 0, bootId: 'one', bootMs: 0 },
    };
    const { registry } = await openRegistry(paths);
    await registry.put({ ...record, expansion }, { manifestBytes });
    const again = (await openRegistry(paths)).registry;
    expect(again.listExpanding().map(({ appId }) => appId)).toEqual(['acme/notes']);
  });
});
