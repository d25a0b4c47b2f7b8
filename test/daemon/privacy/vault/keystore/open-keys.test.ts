import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createVault } from '../../../../../daemon/privacy/vault/create-vault.ts';
import {
  createDerivations,
  type Derivations,
} from '../../../../../daemon/privacy/vault/derivations.ts';
import { APP, DATABASE, KeystoreHome, RIGHT } from '../../../../support/keystore-home.ts';
import { callOf } from '../../../../support/vault.ts';

let home: KeystoreHome;
beforeEach(() => {
  home = new KeystoreHome();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('an opened key', () => {
  test('is of one session', async () => {
    await home.initialize();
    expect(home.keystore.isUnlocked('s1', DATABASE)).toBe(true);
    expect(home.keystore.isUnlocked('s2', DATABASE)).toBe(false);
    await expect(home.seal('s2')).rejects.toMatchObject({ details: { rule: 'vault_locked' } });
  });

  test('ends with its session', async () => {
    await home.initialize();
    home.keystore.forgetSession('s1');
    await expect(home.seal()).rejects.toMatchObject({ details: { rule: 'vault_locked' } });
  });

  test('locks itself when it is not used', async () => {
    await home.initialize();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await home.keystore.unlock(callOf(), DATABASE, {
      passphrase: Buffer.from(RIGHT),
      autoLockMs: 5000,
    });
    await vi.advanceTimersByTimeAsync(4999);
    await home.seal();
    await vi.advanceTimersByTimeAsync(4999);
    expect(home.keystore.isUnlocked('s1', DATABASE)).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(home.keystore.isUnlocked('s1', DATABASE)).toBe(false);
  });

  test('is locked when the computer slept through its time', async () => {
    await home.initialize();
    vi.useFakeTimers({ toFake: ['Date'] });
    const unlocking = { passphrase: Buffer.from(RIGHT), autoLockMs: 5000 };
    await home.keystore.unlock(callOf(), DATABASE, unlocking);
    vi.setSystemTime(Date.now() + 4000);
    await home.seal();
    vi.setSystemTime(Date.now() + 4000);
    expect(home.keystore.isUnlocked('s1', DATABASE)).toBe(true);
    vi.setSystemTime(Date.now() + 5000);
    await expect(home.seal()).rejects.toMatchObject({ details: { rule: 'vault_locked' } });
    expect(home.keystore.isUnlocked('s1', DATABASE)).toBe(false);
  });

  test('is used by each piece of a stream, and does not lock itself in the middle of one', async () => {
    await home.initialize();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const unlocking = { passphrase: Buffer.from(RIGHT), autoLockMs: 5000 };
    await home.keystore.unlock(callOf(), DATABASE, unlocking);
    const vault = createVault({ derivations: createDerivations(), keystore: home.keystore });
    const by = { direction: 'encrypt', database: DATABASE } as const;
    const { stream } = await vault.openStream(callOf(), by);
    const bytes = Buffer.from('x');
    for (const offset of [0, 1, 2]) {
      await vi.advanceTimersByTimeAsync(4999);
      await vault.pushStream('s1', { stream, offset, bytes });
    }
    await vi.advanceTimersByTimeAsync(5000);
    const late = vault.pushStream('s1', { stream, offset: 3, bytes });
    await expect(late).rejects.toMatchObject({ details: { rule: 'vault_locked' } });
  });

  test('that was locked meanwhile encrypts nothing any more: its bytes are erased', async () => {
    await home.initialize();
    const cipher = await home.keystore.cipherOf({ id: 's1', appId: APP }, DATABASE, 'seal');
    expect(home.keystore.lock('s1')).toBe(1);
    expect(() => cipher.seal({ type: 'string', value: 'x' }, {})).toThrow(/locked/);
  });

  test('is not opened for a session that ended while the passphrase was judged', async () => {
    await home.initialize();
    home.keystore.lock('s1');
    const ended = new AbortController();
    const real = createDerivations();
    const derivations: Pick<Derivations, 'argon2'> = {
      argon2: async (...asked) => {
        const key = await real.argon2(...asked);
        ended.abort();
        return key;
      },
    };
    home.restart(derivations);
    const { signal } = ended;
    await home.keystore.unlock({ ...callOf(), signal }, DATABASE, {
      passphrase: Buffer.from(RIGHT),
    });
    expect(home.keystore.isUnlocked('s1', DATABASE)).toBe(false);
  });
});
