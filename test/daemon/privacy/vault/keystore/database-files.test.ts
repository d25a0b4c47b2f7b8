import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { APP, DATABASE, KeystoreHome, RIGHT } from '../../../../support/keystore-home.ts';
import { callOf, QUICK_KDF } from '../../../../support/vault.ts';

let home: KeystoreHome;
beforeEach(() => {
  home = new KeystoreHome();
});

describe('what is kept', () => {
  test('does not name the database in the name of its file', async () => {
    await home.initialize();
    expect(basename(home.file)).toMatch(/^[0-9a-f]{64}\.json$/);
  });

  test('tells an app nothing by which a passphrase could be guessed elsewhere', async () => {
    await home.initialize();
    expect(Object.keys((await home.keystore.getMetadata(APP, DATABASE)) ?? {}).sort()).toEqual([
      'autoLockMs',
      'createdAt',
      'database',
      'enabled',
      'failedAttempts',
      'kdf',
      'keyId',
    ]);
  });

  test('is refused when it is damaged, and no new key is made in its place', async () => {
    await home.initialize();
    writeFileSync(home.file, '{"version":1}');
    await expect(home.initialize()).rejects.toMatchObject({
      reason: 'Unavailable',
      details: { rule: 'vault_damaged' },
    });
  });

  test('cannot be initialized twice', async () => {
    await home.initialize();
    await expect(home.initialize()).rejects.toMatchObject({ reason: 'Conflict' });
  });

  test('is gone with delete, for every session', async () => {
    await home.initialize();
    expect(await home.keystore.delete(APP, DATABASE)).toBe(true);
    expect(home.keystore.isUnlocked('s1')).toBe(false);
    await expect(home.seal()).rejects.toMatchObject({ reason: 'NotFound' });
    expect(await home.keystore.delete(APP, DATABASE)).toBe(false);
  });

  test('is gone with delete wherever a kill left a copy of it', async () => {
    await home.initialize();
    const copies = [`${home.file}.0123456789ab.tmp`, `${home.file}.0123456789ab.new`];
    for (const copy of copies) copyFileSync(home.file, copy);
    await home.keystore.delete(APP, DATABASE);
    expect(readdirSync(home.folderOf(APP))).toEqual([]);
  });

  test('lets no copy that a kill left outlive a change of its passphrase', async () => {
    await home.initialize();
    copyFileSync(home.file, `${home.file}.0123456789ab.tmp`);
    await home.keystore.changePassphrase(callOf(), DATABASE, {
      passphrase: Buffer.from(RIGHT),
      newPassphrase: Buffer.from('another one'),
    });
    expect(readdirSync(home.folderOf(APP))).toEqual([basename(home.file)]);
  });

  test('can be deleted when it is damaged, so that its name is free again', async () => {
    await home.initialize();
    writeFileSync(home.file, 'no JSON');
    expect(await home.keystore.delete(APP, DATABASE)).toBe(true);
    await expect(home.initialize()).resolves.toMatchObject({ database: DATABASE });
  });

  test('keeps no other database from a key when it is damaged', async () => {
    await home.initialize();
    writeFileSync(home.file, 'no JSON');
    const settings = { passphrase: Buffer.from(RIGHT), kdf: QUICK_KDF };
    const other = home.keystore.initialize(callOf(), 'another', settings);
    await expect(other).resolves.toMatchObject({ database: 'another' });
  });

  test('is damaged where it does not say what a guess costs', async () => {
    await home.initialize();
    const { kdf, ...record } = JSON.parse(readFileSync(home.file, 'utf8')) as { kdf: object };
    const vague = { ...record, kdf: { ...kdf, passes: undefined } };
    writeFileSync(home.file, JSON.stringify(vague));
    await expect(home.guess(RIGHT)).rejects.toMatchObject({ details: { rule: 'vault_damaged' } });
  });

  test('does not open when it is moved to another app', async () => {
    await home.initialize();
    const record = readFileSync(home.file);
    const other = callOf('acme/thief', 's2');
    await home.keystore.initialize(other, DATABASE, {
      passphrase: Buffer.from('own'),
      kdf: QUICK_KDF,
    });
    writeFileSync(join(home.folderOf('acme/thief'), basename(home.file)), record);
    const attempt = await home.keystore.unlock(other, DATABASE, { passphrase: Buffer.from(RIGHT) });
    expect(attempt).toMatchObject({ isRight: false });
  });

  test('is destroyed with the data of its app', async () => {
    await home.initialize();
    await home.keystore.wipe(APP);
    expect(await home.keystore.list(APP)).toEqual([]);
    expect(home.keystore.isUnlocked('s1')).toBe(false);
  });
});
