import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sealKey } from '../../../../daemon/stores/keys/sealed-key.ts';
import type { StoreKeys } from '../../../../daemon/stores/keys/store-keys.ts';
import { keyPathsIn, makeCustody } from '../../../support/key-custody.ts';
import { makeTemporaryFolder } from '../../../support/temporary-store.ts';

const makePaths = () => keyPathsIn(makeTemporaryFolder());
const openKeys = (paths = makePaths()): StoreKeys => makeCustody(paths).storeKeys;
const open = async (keys: StoreKeys, storeId: string): Promise<string> => {
  const opened = await keys.open(storeId, { mustExist: false });
  return opened.keys.map((key) => key.toString('hex')).join(' ');
};
const refusal = (rule: string) => ({ reason: 'Unavailable', details: { rule } });

describe('store keys', () => {
  test('are random per store and stay the same', async () => {
    const paths = makePaths();
    const first = await open(openKeys(paths), 'acme/notes');
    expect(await open(openKeys(paths), 'acme/notes')).toBe(first);
    expect(await open(openKeys(paths), 'acme/mail')).not.toBe(first);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
  });

  test('are on disk wrapped, in files of the user alone, without leftovers', async () => {
    const paths = makePaths();
    const keys = openKeys(paths);
    const key = await open(keys, 'acme/notes');
    await keys.recordGeneration('acme/notes', 1);
    const file = paths.storeKey('acme/notes');
    const bytes = readFileSync(file);
    expect(bytes.includes(Buffer.from(key, 'hex'))).toBe(false);
    expect(bytes.includes(Buffer.from(key, 'hex').toString('base64'))).toBe(false);
    for (const path of [file, join(paths.keys, 'master.key'), join(paths.keys, 'master.json')]) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    expect(statSync(paths.keys).mode & 0o777).toBe(0o700);
    expect(readdirSync(dirname(file))).toEqual(['notes.json']);
    expect(readdirSync(paths.keys).sort()).toEqual(['master.json', 'master.key', 'stores']);
  });

  test('refuse to unwrap in the place of another store', async () => {
    const paths = makePaths();
    const keys = openKeys(paths);
    await open(keys, 'acme/notes');
    mkdirSync(dirname(paths.storeKey('evil/notes')));
    copyFileSync(paths.storeKey('acme/notes'), paths.storeKey('evil/notes'));
    await expect(open(keys, 'evil/notes')).rejects.toMatchObject(refusal('key_unreadable'));
  });

  test('refuse a next key in the place of the one in force', async () => {
    const paths = makePaths();
    const keys = openKeys(paths);
    await open(keys, 'acme/notes');
    await keys.prepareNext('acme/notes');
    const record = JSON.parse(readFileSync(paths.storeKey('acme/notes'), 'utf8')) as {
      keys: { version: number }[];
    };
    const [first, second] = record.keys;
    const swapped = { ...record, keys: [{ ...second, version: first?.version }] };
    writeFileSync(paths.storeKey('acme/notes'), JSON.stringify(swapped));
    await expect(open(keys, 'acme/notes')).rejects.toMatchObject(refusal('key_unreadable'));
  });

  test.each([
    '',
    '{}',
    'not json',
    '[]',
    '{"version":1,"nonce":"AAAA","ciphertext":"AAAA","tag":"AAAA"}',
    '{"version":2,"keys":[],"generation":0}',
    '{"version":2,"keys":[{"version":1,"nonce":"AAAA","ciphertext":"AAAA","tag":"AAAA"}],"generation":-1}',
  ])('refuse a damaged file: %j', async (content) => {
    const paths = makePaths();
    const keys = openKeys(paths);
    await open(keys, 'acme/notes');
    writeFileSync(paths.storeKey('acme/notes'), content);
    await expect(open(keys, 'acme/notes')).rejects.toMatchObject(refusal('key_unreadable'));
  });

  test('refuse a link and a folder in the place of the file', async () => {
    const paths = makePaths();
    const keys = openKeys(paths);
    await open(keys, 'acme/notes');
    const file = paths.storeKey('acme/notes');
    copyFileSync(file, `${file}.copy`);
    rmSync(file);
    symlinkSync(`${file}.copy`, file);
    await expect(open(keys, 'acme/notes')).rejects.toMatchObject(refusal('key_unreadable'));
    rmSync(file);
    mkdirSync(file);
    await expect(open(keys, 'acme/notes')).rejects.toMatchObject(refusal('key_unreadable'));
  });

  test('of the first version open, and are of the second once rewritten', async () => {
    const paths = makePaths();
    const master = randomBytes(32);
    const key = randomBytes(32);
    mkdirSync(dirname(paths.storeKey('acme/notes')), { recursive: true, mode: 0o700 });
    writeFileSync(join(paths.keys, 'master.key'), master, { mode: 0o600 });
    const first = { version: 1, ...sealKey(key, master, 'acme/notes|store|1') };
    writeFileSync(paths.storeKey('acme/notes'), JSON.stringify(first), { mode: 0o600 });
    const keys = openKeys(paths);
    expect(await open(keys, 'acme/notes')).toBe(key.toString('hex'));
    await keys.recordGeneration('acme/notes', 3);
    expect(JSON.parse(readFileSync(paths.storeKey('acme/notes'), 'utf8'))).toMatchObject({
      version: 2,
      generation: 3,
      keys: [{ version: 1 }],
    });
    expect(await open(openKeys(paths), 'acme/notes')).toBe(key.toString('hex'));
  });

  test('refuse to replace a lost key of an existing store', async () => {
    await expect(openKeys().open('acme/notes', { mustExist: true })).rejects.toMatchObject(
      refusal('key_missing'),
    );
  });

  test('remember the highest generation, and none of a store that is gone', async () => {
    const paths = makePaths();
    const keys = openKeys(paths);
    await open(keys, 'acme/notes');
    await keys.recordGeneration('acme/notes', 5);
    await keys.recordGeneration('acme/notes', 4);
    expect(await keys.open('acme/notes', { mustExist: true })).toMatchObject({ generation: 5 });
    const destroyed = keys.destroy('acme/notes');
    await keys.recordGeneration('acme/notes', 6);
    await destroyed;
    expect(existsSync(paths.storeKey('acme/notes'))).toBe(false);
  });

  test('accept an older file once, and count on from the generation on record', async () => {
    const keys = openKeys();
    await open(keys, 'acme/notes');
    await keys.recordGeneration('acme/notes', 5);
    await keys.accept('acme/notes');
    const opened = { generation: 5, acceptsOlder: true };
    expect(await keys.open('acme/notes', { mustExist: true })).toMatchObject(opened);
    await keys.recordGeneration('acme/notes', 6);
    expect(await keys.open('acme/notes', { mustExist: true })).toMatchObject({
      generation: 6,
      acceptsOlder: false,
    });
  });

  test('are two while a rotation runs, and the next alone once it is promoted', async () => {
    const paths = makePaths();
    const keys = openKeys(paths);
    const first = await open(keys, 'acme/notes');
    const next = (await keys.prepareNext('acme/notes')).toString('hex');
    expect((await keys.prepareNext('acme/notes')).toString('hex')).toBe(next);
    expect(await open(openKeys(paths), 'acme/notes')).toBe(`${first} ${next}`);
    await keys.promoteNext('acme/notes');
    await keys.promoteNext('acme/notes');
    expect(await open(openKeys(paths), 'acme/notes')).toBe(next);
  });

  test('are gone once destroyed, and destroying twice is no error', async () => {
    const paths = makePaths();
    const keys = openKeys(paths);
    const first = await open(keys, 'acme/notes');
    await keys.destroy('acme/notes');
    await keys.destroy('acme/notes');
    expect(existsSync(paths.storeKey('acme/notes'))).toBe(false);
    expect(await open(keys, 'acme/notes')).not.toBe(first);
  });
});

describe('a master key in a file', () => {
  test('is never made anew while wrapped keys exist', async () => {
    const paths = makePaths();
    const keys = openKeys(paths);
    await open(keys, 'acme/notes');
    rmSync(join(paths.keys, 'master.key'));
    const missing = refusal('master_key_missing');
    await expect(open(keys, 'acme/notes')).rejects.toMatchObject(missing);
    await expect(open(keys, 'acme/mail')).rejects.toMatchObject(missing);
    rmSync(join(paths.keys, 'master.json'));
    await expect(open(keys, 'acme/notes')).rejects.toMatchObject(missing);
    expect(existsSync(join(paths.keys, 'master.key'))).toBe(false);
  });

  test('is refused when others can read it, when it was cut, and when it is another', async () => {
    const paths = makePaths();
    const keys = openKeys(paths);
    await open(keys, 'acme/notes');
    const master = join(paths.keys, 'master.key');
    chmodSync(master, 0o644);
    await expect(open(keys, 'acme/notes')).rejects.toMatchObject(refusal('master_key_unsafe'));
    chmodSync(master, 0o600);
    truncateSync(master, 16);
    await expect(open(keys, 'acme/notes')).rejects.toMatchObject(refusal('master_key_unsafe'));
    writeFileSync(master, randomBytes(32));
    await expect(open(keys, 'acme/notes')).rejects.toMatchObject(refusal('master_key_changed'));
  });

  test.each(['', '{}', 'x', '{"version":1,"master":{"kind":"file","file":"../x"},"leftovers":[]}'])(
    'is not looked for elsewhere when the descriptor is damaged: %j',
    async (content) => {
      const paths = makePaths();
      const keys = openKeys(paths);
      await open(keys, 'acme/notes');
      writeFileSync(join(paths.keys, 'master.json'), content);
      const unsafe = refusal('master_descriptor_unsafe');
      await expect(open(keys, 'acme/notes')).rejects.toMatchObject(unsafe);
    },
  );
});
