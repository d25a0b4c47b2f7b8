import type { EnvelopeV2 } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import type { PlainValue } from '../../../../daemon/privacy/vault/plain-value.ts';
import { beginStream, parseStreamHeader } from '../../../../daemon/privacy/vault/stream-header.ts';
import { callOf, openVault, QUICK_KDF, vaultKeyOf } from '../../../support/vault.ts';

const TEXT: PlainValue = { type: 'string', value: 'sensitive data' };
const SEALED = { reason: 'Conflict', details: { rule: 'sealed' } };
const call = callOf();
describe('an envelope by passphrase', () => {
  test('opens by the passphrase in whatever form it is typed, in this app alone', async () => {
    const vault = openVault();
    const options = { version: 2, passphrase: 'caf\u00e9', kdf: QUICK_KDF } as const;
    const envelope = await vault.encrypt(call, TEXT, options);
    const open = (passphrase: string, appId?: string) =>
      vault.decrypt(callOf(appId), envelope, { passphrase });
    expect(await open('cafe\u0301')).toEqual(TEXT);
    await expect(open('cafe')).rejects.toMatchObject(SEALED);
    await expect(open('caf\u00e9', 'acme/other')).rejects.toMatchObject(SEALED);
  });

  test('has 64 MiB, 3 passes and 4 lanes unless it is told otherwise', async () => {
    const envelope = await openVault().encrypt(call, TEXT, { version: 2, passphrase: 'p' });
    expect(envelope).toMatchObject({ kdf: { memoryKib: 65_536, passes: 3, lanes: 4 } });
    expect(envelope).not.toHaveProperty('keyId');
  });

  test('opens by the key that was derived from the passphrase with its salt, and the other way round', async () => {
    const vault = openVault();
    const { key, salt, kdf } = await vault.deriveKey(call, { passphrase: 'p', kdf: QUICK_KDF });
    const envelope = await vault.encrypt(call, TEXT, { version: 2, key });
    expect(envelope).toMatchObject({ kdf: { ...kdf, salt } });
    expect(await vault.decrypt(call, envelope, { passphrase: 'p' })).toEqual(TEXT);
    const again = await vault.deriveKey(call, { passphrase: 'p', kdf: QUICK_KDF, salt });
    expect(await vault.decrypt(call, envelope, { key: again.key })).toEqual(TEXT);
    const other = await vault.deriveKey(call, { passphrase: 'p', kdf: QUICK_KDF });
    await expect(vault.decrypt(call, envelope, { key: other.key })).rejects.toMatchObject(SEALED);
  });

  test('that asks for a gigabyte is refused before any of it is allocated', async () => {
    const vault = openVault();
    const options = { version: 2, passphrase: 'p', kdf: QUICK_KDF } as const;
    const envelope = (await vault.encrypt(call, TEXT, options)) as EnvelopeV2;
    const salt = envelope.kdf?.salt ?? '';
    const greedy = { ...envelope, kdf: { ...QUICK_KDF, memoryKib: 1024 * 1024, salt } };
    const before = process.memoryUsage().rss;
    await expect(vault.decrypt(call, greedy, { passphrase: 'p' })).rejects.toMatchObject({
      reason: 'InvalidParams',
      details: { rule: 'kdf_too_costly' },
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });

  test('whose memory and passes are each allowed and together hold up everybody is refused', async () => {
    const vault = openVault();
    const greedy = { ...QUICK_KDF, memoryKib: 256 * 1024, passes: 5 };
    const salt = Buffer.alloc(16).toString('base64');
    const envelope: EnvelopeV2 = {
      version: 2,
      algorithm: 'A256GCM',
      type: 'string',
      kdf: { ...greedy, salt },
      salt,
      commitment: salt,
      iv: salt,
      ciphertext: salt,
    };
    const refusals = [
      () => vault.encrypt(call, TEXT, { version: 2, passphrase: 'p', kdf: greedy }),
      () => vault.decrypt(call, envelope, { passphrase: 'p' }),
      () => vault.deriveKey(call, { passphrase: 'p', kdf: greedy }),
      () => vault.hash(call, 'p', greedy),
    ];
    for (const refusal of refusals) {
      await expect(refusal()).rejects.toMatchObject({
        reason: 'InvalidParams',
        details: { rule: 'kdf_too_costly' },
      });
    }
  });

  test('of a stream that asks for as much does not open', () => {
    const salt = Buffer.alloc(16).toString('base64');
    const kdf = { ...QUICK_KDF, memoryKib: 256 * 1024, passes: 5, salt };
    const { header } = beginStream(vaultKeyOf({ origin: { kdf } }), {});
    expect(() => parseStreamHeader(header)).toThrow(expect.objectContaining(SEALED));
  });

  test('by more iterations of PBKDF2 than LocalMode ever had is refused', async () => {
    const vault = openVault();
    const costly = { passphrase: 'p', iterations: 2_000_001 };
    const refusals = [
      () => vault.deriveKey(call, costly),
      () => vault.encrypt(call, TEXT, { version: 1, ...costly }),
    ];
    for (const refusal of refusals) {
      await expect(refusal()).rejects.toMatchObject({
        reason: 'InvalidParams',
        details: { rule: 'kdf_too_costly' },
      });
    }
  });
});

test('parameters that make no sense together are refused, not ignored', async () => {
  const vault = openVault({ db: vaultKeyOf() });
  const refusals = [
    () => vault.encrypt(call, TEXT, { version: 2, passphrase: 'p', iterations: 1 }),
    () => vault.encrypt(call, TEXT, { version: 1, passphrase: 'p', context: { record: 'a' } }),
    () => vault.encrypt(call, TEXT, { version: 1, passphrase: 'p', kdf: QUICK_KDF }),
    () => vault.encrypt(call, TEXT, { version: 2, database: 'db', kdf: QUICK_KDF }),
    () => vault.encrypt(call, TEXT, { version: 1, database: 'db' }),
    () => vault.encrypt(call, TEXT, { version: 2, passphrase: '' }),
    () => vault.deriveKey(call, { passphrase: 'p', salt: 'AAAA' }),
    () => vault.deriveKey(call, { passphrase: 'p', kdf: QUICK_KDF, iterations: 1 }),
    () => vault.openStream(call, { direction: 'decrypt', database: 'db' }),
  ];
  for (const refusal of refusals) {
    await expect(refusal()).rejects.toMatchObject({ reason: 'InvalidParams' });
  }
});

describe('the keys of a session', () => {
  test('mean nothing in another session, and end when they are forgotten or the session ends', async () => {
    const vault = openVault();
    const derive = { passphrase: 'p', kdf: QUICK_KDF };
    const { key } = await vault.deriveKey(call, derive);
    const use = (session: string, handle: string) =>
      vault.encrypt(callOf('acme/notes', session), TEXT, { version: 2, key: handle });
    await expect(use('s2', key)).rejects.toMatchObject({ reason: 'NotFound' });
    expect(vault.forgetKey('s2', key)).toBe(false);
    expect(vault.forgetKey('s1', key)).toBe(true);
    await expect(use('s1', key)).rejects.toMatchObject({ reason: 'NotFound' });
    const other = await vault.deriveKey(call, derive);
    vault.forgetSession('s1');
    await expect(use('s1', other.key)).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('are bounded in number', async () => {
    const vault = openVault();
    const derive = () => vault.deriveKey(call, { passphrase: 'p', iterations: 1 });
    for (let count = 0; count < 64; count += 1) await derive();
    await expect(derive()).rejects.toMatchObject({ reason: 'Busy', details: { limit: 64 } });
  });

  test('are not made for a session that ended meanwhile', async () => {
    const vault = openVault();
    const ending = new AbortController();
    const derived = vault.deriveKey({ ...call, signal: ending.signal }, { passphrase: 'p' });
    ending.abort(new Error('the connection closed'));
    await expect(derived).rejects.toThrow('the connection closed');
  });

  test('of a locked database open nothing', async () => {
    const locked = openVault().encrypt(call, TEXT, { version: 2, database: 'db' });
    await expect(locked).rejects.toMatchObject({ details: { rule: 'vault_locked' } });
  });
});
