import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createStoreKeys, type StoreKeys } from '../../../../daemon/stores/keys/store-keys.ts';
import { makeTemporaryFolder, refusalOf } from '../../../support/temporary-store.ts';

function makePaths() {
  const keys = join(makeTemporaryFolder(), 'keys');
  return { keys, storeKey: (appId: string) => join(keys, 'stores', `${appId}.json`) };
}

const open = (keys: StoreKeys, appId: string): string =>
  Buffer.from(keys.open(appId, { mustExist: false })).toString('hex');
const ruleOf = (work: () => unknown): unknown => {
  const { reason, details } = refusalOf(work);
  expect(reason).toBe('Unavailable');
  return details?.['rule'];
};

describe('store keys', () => {
  test('are random per app and stay the same', () => {
    const paths = makePaths();
    const first = open(createStoreKeys(paths), 'acme/notes');
    expect(open(createStoreKeys(paths), 'acme/notes')).toBe(first);
    expect(open(createStoreKeys(paths), 'acme/mail')).not.toBe(first);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
  });

  test('are on disk wrapped, in files of the user alone, without leftovers', () => {
    const paths = makePaths();
    const key = open(createStoreKeys(paths), 'acme/notes');
    const file = paths.storeKey('acme/notes');
    const bytes = readFileSync(file);
    expect(bytes.includes(Buffer.from(key, 'hex'))).toBe(false);
    expect(bytes.includes(Buffer.from(key, 'hex').toString('base64'))).toBe(false);
    for (const path of [file, join(paths.keys, 'master.key')]) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    expect(statSync(paths.keys).mode & 0o777).toBe(0o700);
    expect(readdirSync(dirname(file))).toEqual(['notes.json']);
    expect(readdirSync(paths.keys).sort()).toEqual(['master.key', 'stores']);
  });

  test('refuse to unwrap in the place of another app', () => {
    const paths = makePaths();
    const keys = createStoreKeys(paths);
    open(keys, 'acme/notes');
    mkdirSync(dirname(paths.storeKey('evil/notes')));
    copyFileSync(paths.storeKey('acme/notes'), paths.storeKey('evil/notes'));
    expect(ruleOf(() => open(keys, 'evil/notes'))).toBe('key_unreadable');
  });

  test.each([
    '',
    '{}',
    'not json',
    '{"version":1,"nonce":"AAAA","ciphertext":"AAAA","tag":"AAAA"}',
  ])('refuse a damaged file: %j', (content) => {
    const paths = makePaths();
    const keys = createStoreKeys(paths);
    open(keys, 'acme/notes');
    writeFileSync(paths.storeKey('acme/notes'), content);
    expect(ruleOf(() => open(keys, 'acme/notes'))).toBe('key_unreadable');
  });

  test('refuse to make a new master key while wrapped keys exist', () => {
    const paths = makePaths();
    const keys = createStoreKeys(paths);
    open(keys, 'acme/notes');
    rmSync(join(paths.keys, 'master.key'));
    expect(ruleOf(() => open(keys, 'acme/notes'))).toBe('master_key_missing');
    expect(ruleOf(() => open(keys, 'acme/mail'))).toBe('master_key_missing');
    expect(existsSync(join(paths.keys, 'master.key'))).toBe(false);
  });

  test('refuse a master key that others can read or that was cut', () => {
    const paths = makePaths();
    const keys = createStoreKeys(paths);
    open(keys, 'acme/notes');
    const master = join(paths.keys, 'master.key');
    chmodSync(master, 0o644);
    expect(ruleOf(() => open(keys, 'acme/notes'))).toBe('master_key_unsafe');
    chmodSync(master, 0o600);
    truncateSync(master, 16);
    expect(ruleOf(() => open(keys, 'acme/notes'))).toBe('master_key_unsafe');
  });

  test('refuse to replace a lost key of an existing store', () => {
    const keys = createStoreKeys(makePaths());
    expect(ruleOf(() => keys.open('acme/notes', { mustExist: true }))).toBe('key_missing');
  });

  test('are gone once destroyed, and destroying twice is no error', () => {
    const paths = makePaths();
    const keys = createStoreKeys(paths);
    const first = open(keys, 'acme/notes');
    keys.destroy('acme/notes');
    keys.destroy('acme/notes');
    expect(existsSync(paths.storeKey('acme/notes'))).toBe(false);
    expect(open(keys, 'acme/notes')).not.toBe(first);
  });
});
