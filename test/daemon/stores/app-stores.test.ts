import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AppManifest } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import type { AppStores } from '../../../daemon/stores/app-stores.ts';
import { openAppStores } from '../../support/app-stores.ts';
import { refusalOf } from '../../support/temporary-store.ts';

const sessionOf = (appId: string, quotaMb?: number) => ({
  appId,
  manifest: {
    storage: { sql: false, quota_mb: quotaMb, backups: { enabled: false } },
  } as unknown as AppManifest,
});

async function writeNote(stores: AppStores, appId: string): Promise<void> {
  const store = stores.forApp(sessionOf(appId));
  await store.call('exec', { sql: 'CREATE TABLE IF NOT EXISTS notes (body)' });
  await store.call('exec', { sql: 'INSERT INTO notes VALUES (?)', params: [appId] });
}

const readNotes = async (stores: AppStores, appId: string): Promise<unknown> =>
  (await stores.forApp(sessionOf(appId)).call('query', { sql: 'SELECT * FROM notes', limit: 9 }))
    .rows;

describe("the apps' stores", () => {
  test('are one process each, in a folder of the user alone', async () => {
    const { paths, started, stores } = openAppStores();
    await writeNote(stores, 'acme/notes');
    await writeNote(stores, 'acme/mail');
    expect(await readNotes(stores, 'acme/notes')).toEqual([{ body: 'acme/notes' }]);
    expect(await readNotes(stores, 'acme/mail')).toEqual([{ body: 'acme/mail' }]);
    expect(started).toMatchObject(
      ['acme/notes', 'acme/mail'].map((model) => ({
        model,
        kind: 'store',
        cancel: 'kill',
        writableFolders: [paths.store(model)],
      })),
    );
    expect(statSync(paths.store('acme/notes')).mode & 0o777).toBe(0o700);
  });

  test('keep their data when closed and opened again', async () => {
    const { stores } = openAppStores();
    await writeNote(stores, 'acme/notes');
    await stores.close('acme/notes');
    expect(await readNotes(stores, 'acme/notes')).toEqual([{ body: 'acme/notes' }]);
  });

  test('tell what they take on disk without starting a process', async () => {
    const { started, stores } = openAppStores();
    const session = sessionOf('acme/notes', 5);
    expect(stores.usage(session)).toEqual({ bytes: 0, limitBytes: 5 * 1024 * 1024 });
    expect(started).toHaveLength(0);
    await writeNote(stores, 'acme/notes');
    await stores.closeAll();
    expect(stores.usage(session).bytes).toBeGreaterThan(4096);
  });

  test('are started anew when an update changes the quota', async () => {
    const { started, stores } = openAppStores();
    const first = stores.forApp(sessionOf('acme/notes'));
    expect(stores.forApp(sessionOf('acme/notes'))).toBe(first);
    const second = stores.forApp(sessionOf('acme/notes', 5));
    expect((await second.call('describeStore', {})).quotaBytes).toBe(5 * 1024 * 1024);
    expect(started).toHaveLength(2);
  });

  test('are wiped with their key: nothing of it opens again', async () => {
    const { paths, stores } = openAppStores();
    await writeNote(stores, 'acme/notes');
    await stores.wipe('acme/notes');
    expect(existsSync(paths.store('acme/notes'))).toBe(false);
    expect(existsSync(paths.storeKey('acme/notes'))).toBe(false);
    await stores.wipe('acme/notes');
    await writeNote(stores, 'acme/notes');
    expect(await readNotes(stores, 'acme/notes')).toEqual([{ body: 'acme/notes' }]);
  });

  test('cannot be read any more after a wipe that did not reach the files', async () => {
    const { paths, stores } = openAppStores();
    await writeNote(stores, 'acme/notes');
    // The files are not where they are to be deleted, so of the wipe only its first half is done.
    const publisher = dirname(paths.store('acme/notes'));
    renameSync(publisher, `${publisher}.moved`);
    writeFileSync(publisher, '');
    await stores.wipe('acme/notes');
    rmSync(publisher);
    renameSync(`${publisher}.moved`, publisher);
    expect(existsSync(join(paths.store('acme/notes'), 'store.db'))).toBe(true);
    await expect(readNotes(stores, 'acme/notes')).rejects.toMatchObject({
      reason: 'Unavailable',
      details: { rule: 'key_missing' },
    });
    await stores.wipe('acme/notes');
    expect(existsSync(paths.store('acme/notes'))).toBe(false);
  });

  test('answer Unavailable when the key is lost, and keep the file', async () => {
    const { paths, stores } = openAppStores();
    await writeNote(stores, 'acme/notes');
    await stores.closeAll();
    const file = join(paths.store('acme/notes'), 'store.db');
    const before = readFileSync(file);
    rmSync(paths.storeKey('acme/notes'));
    await expect(readNotes(stores, 'acme/notes')).rejects.toMatchObject({
      reason: 'Unavailable',
      details: { rule: 'key_missing' },
    });
    expect(readFileSync(file)).toEqual(before);
  });

  test.each(['../../etc', 'acme', 'acme/../x', 'Acme/x', 'acme/x/y', ''])(
    'refuse the app id %j',
    (appId) => {
      const { stores } = openAppStores();
      expect(refusalOf(() => stores.forApp(sessionOf(appId))).reason).toBe('NotFound');
    },
  );
});
