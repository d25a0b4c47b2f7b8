import { randomBytes } from 'node:crypto';
import {
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StoreStart } from '../../../../daemon/workers/store/ops.ts';
import { openEngine } from '../../../support/open-engine.ts';
import { add, CANARY, count, fill, flip, place, ruleOf } from '../../../support/filled-store.ts';
import { makeStoreStart, refusalOf } from '../../../support/temporary-store.ts';

const backupsFolder = (start: StoreStart): string => join(dirname(start.path), 'backups');

describe('a backup', () => {
  test('is a whole encrypted file for the user alone, and says what it is', () => {
    const start = makeStoreStart();
    const store = openEngine(start);
    fill(store);
    const backup = store.call('createBackup', { isOptedIn: true });
    expect(backup).toMatchObject({ reason: 'asked', schemaVersion: 0 });
    expect(store.call('listBackups', {}).backups).toEqual([backup]);
    const path = join(backupsFolder(start), `${backup.id}.db`);
    expect(statSync(path)).toMatchObject({ size: backup.bytes });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path).includes(CANARY)).toBe(false);
    expect(readdirSync(backupsFolder(start))).toEqual([`${backup.id}.db`]);
    expect(store.call('describeStore', {})).toMatchObject({ backups: 1 });
    expect(store.call('describeStore', {}).diskBytes).toBeGreaterThan(backup.bytes * 1.5);
  });

  test('brings back what was there, and keeps what was there before it', () => {
    const store = openEngine(makeStoreStart());
    fill(store);
    const { id } = store.call('createBackup', { isOptedIn: true });
    add(store);
    const restored = store.call('restoreBackup', { backup: id });
    expect(restored).toMatchObject({ restored: id, schemaVersion: 0 });
    expect(count(store)).toBe(2000);
    store.call('restoreBackup', { backup: restored.saved ?? '' });
    expect(count(store)).toBe(2001);
    const hits = store.call('searchRecords', { collection: 'documents', k: 1, words: 'hello' });
    expect(hits.hits).toHaveLength(1);
  });

  test('that was put back is opened by the next process, though it is older', () => {
    const start = makeStoreStart();
    const store = openEngine(start);
    fill(store);
    const { id } = store.call('createBackup', { isOptedIn: true });
    for (let time = 0; time < 3; time += 1) store.call('restoreBackup', { backup: id });
    const { generation } = store.call('describeOpening', {});
    store.close();
    expect(count(openEngine({ ...start, generation }))).toBe(2000);
  });

  test('is kept of the last five only, when they are of one day', () => {
    const store = openEngine(makeStoreStart());
    fill(store);
    for (let time = 0; time < 8; time += 1) store.call('createBackup', { isOptedIn: true });
    expect(store.call('listBackups', {}).backups).toHaveLength(5);
  });

  test('of the day is made once, and only of an app that asks for backups', () => {
    const store = openEngine(makeStoreStart());
    fill(store);
    expect(store.call('tendBackups', { isOptedIn: false })).toEqual({});
    const { backup } = store.call('tendBackups', { isOptedIn: true });
    expect(backup).toMatchObject({ reason: 'daily' });
    expect(store.call('tendBackups', { isOptedIn: true })).toEqual({});
  });

  test.each(['../store', 'none', '20261122t042645123-asked-v3-1f2e3d4c'])(
    'that does not exist is NotFound: %s',
    (backup) => {
      const store = openEngine(makeStoreStart());
      fill(store);
      expect(refusalOf(() => store.call('restoreBackup', { backup })).reason).toBe('NotFound');
    },
  );

  test.each([
    [
      'a flipped page',
      (path: string) => {
        flip(path, 4096 * 10 + 50);
      },
    ],
    [
      'its end missing',
      (path: string) => {
        truncateSync(path, 4096 * 8);
      },
    ],
    [
      'nothing in it',
      (path: string) => {
        truncateSync(path, 0);
      },
    ],
    [
      'garbage in it',
      (path: string) => {
        writeFileSync(path, randomBytes(100_000));
      },
    ],
  ])('with %s is refused, and the store stays as it is', (_what, damage) => {
    const start = makeStoreStart();
    const store = openEngine(start);
    fill(store);
    const { id } = store.call('createBackup', { isOptedIn: true });
    damage(join(backupsFolder(start), `${id}.db`));
    add(store);
    expect(ruleOf(() => store.call('restoreBackup', { backup: id }))).toBe('backup_damaged');
    expect(count(store)).toBe(2001);
    expect(readdirSync(dirname(start.path)).filter((name) => /scratch|next/.test(name))).toEqual(
      [],
    );
  });

  test.each(['symlink', 'folder', 'pipe'])('is not looked for behind a %s', (kind) => {
    const start = makeStoreStart();
    const store = openEngine(start);
    fill(store);
    const { id } = store.call('createBackup', { isOptedIn: true });
    const path = join(backupsFolder(start), `${id}.db`);
    place(kind, path);
    expect(store.call('listBackups', {}).backups).toEqual([]);
    expect(refusalOf(() => store.call('restoreBackup', { backup: id })).reason).toBe('NotFound');
  });

  test('is not made through a link in the place of its folder', () => {
    const start = makeStoreStart();
    const store = openEngine(start);
    fill(store);
    const elsewhere = makeStoreStart();
    symlinkSync(dirname(elsewhere.path), backupsFolder(start));
    expect(ruleOf(() => store.call('createBackup', { isOptedIn: true }))).toBe('store_damaged');
    expect(readdirSync(dirname(elsewhere.path))).toEqual([]);
  });
});

describe('another key', () => {
  test('opens the store and every backup afterwards, and the old one none of them', () => {
    const start = makeStoreStart();
    const store = openEngine(start);
    fill(store);
    const { id } = store.call('createBackup', { isOptedIn: true });
    add(store);
    const key = randomBytes(32);
    expect(store.call('rotateKey', { key })).toEqual({ rotated: true });
    expect(store.call('describeOpening', {}).keyIndex).toBe(0);
    expect(store.call('rotateKey', { key })).toEqual({ rotated: true });
    add(store);
    expect(count(store)).toBe(2002);
    store.close();
    const old = openEngine(start);
    expect(ruleOf(() => count(old))).toBe('store_damaged');
    old.close();
    const renewed = openEngine({ ...start, keys: [key] });
    expect(count(renewed)).toBe(2002);
    renewed.call('restoreBackup', { backup: id });
    expect(count(renewed)).toBe(2000);
  });

  test('leaves a rotten backup where it is', () => {
    const start = makeStoreStart();
    const store = openEngine(start);
    fill(store);
    const { id } = store.call('createBackup', { isOptedIn: true });
    const path = join(backupsFolder(start), `${id}.db`);
    flip(path, 4096 * 10 + 50);
    const before = readFileSync(path);
    store.call('rotateKey', { key: randomBytes(32) });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(count(store)).toBe(2000);
  });
});
