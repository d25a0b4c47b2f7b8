import { beforeEach, describe, expect, test } from 'vitest';
import type {
  DecryptedRecords,
  SealedBy,
} from '../../../../../daemon/privacy/vault/keystore/keystore.ts';
import { APP, DATABASE, KeystoreHome, RIGHT } from '../../../../support/keystore-home.ts';
import { callOf } from '../../../../support/vault.ts';

let home: KeystoreHome;
beforeEach(() => {
  home = new KeystoreHome();
});

describe('disabling', () => {
  const disable = (
    passphrase: string,
    decryptRecords: (sealed: SealedBy) => Promise<DecryptedRecords>,
  ) =>
    home.keystore.disable(callOf(), DATABASE, {
      passphrase: Buffer.from(passphrase),
      decryptRecords,
    });

  test('decrypts what the daemon holds, and opens the rest without a passphrase', async () => {
    await home.initialize();
    const letter = await home.seal();
    const decrypted: unknown[] = [];
    const attempt = await disable(RIGHT, ({ cipher }) => {
      decrypted.push(cipher.open(letter, {}).value);
      return Promise.resolve({ decrypted: 1 });
    });
    expect(attempt).toMatchObject({ isRight: true, decrypted: 1 });
    expect(decrypted).toEqual(['dear diary']);
    home.restart();
    expect(await home.open(letter, 's9')).toBe('dear diary');
    expect(await home.keystore.getMetadata(APP, DATABASE)).toMatchObject({ enabled: false });
  });

  test('encrypts nothing any more', async () => {
    await home.initialize();
    await disable(RIGHT, () => Promise.resolve({ decrypted: 0 }));
    await expect(home.seal()).rejects.toMatchObject({ details: { rule: 'vault_disabled' } });
  });

  test('encrypts nothing any more, though its passphrase is still known', async () => {
    await home.initialize();
    const letter = await home.seal();
    await disable(RIGHT, () => Promise.resolve({ decrypted: 0 }));
    expect(await home.guess(RIGHT)).toEqual({ isRight: true });
    await expect(home.seal()).rejects.toMatchObject({ details: { rule: 'vault_disabled' } });
    expect(await home.open(letter)).toBe('dear diary');
  });

  test('that is cut off in the middle loses nothing, and can be repeated', async () => {
    await home.initialize();
    const letter = await home.seal();
    await expect(disable(RIGHT, () => Promise.reject(new Error('cut off')))).rejects.toThrow();
    home.restart();
    expect(await home.open(letter)).toBe('dear diary');
    expect(await disable(RIGHT, () => Promise.resolve({ decrypted: 3 }))).toMatchObject({
      decrypted: 3,
    });
  });

  test('by a wrong passphrase changes nothing', async () => {
    await home.initialize();
    expect(await disable('no', () => Promise.resolve({ decrypted: 1 }))).toMatchObject({
      isRight: false,
    });
    expect(await home.keystore.getMetadata(APP, DATABASE)).toMatchObject({ enabled: true });
  });

  test('can be taken back: a new passphrase wraps the same key', async () => {
    await home.initialize();
    const letter = await home.seal();
    await disable(RIGHT, () => Promise.resolve({ decrypted: 0 }));
    await home.initialize('anew');
    home.keystore.lock('s1');
    await expect(home.open(letter)).rejects.toMatchObject({ details: { rule: 'vault_locked' } });
    await home.guess('anew');
    expect(await home.open(letter)).toBe('dear diary');
  });
});
