import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { callOf, openVault, QUICK_KDF } from '../../../support/vault.ts';

const call = callOf();

describe('the hash of a passphrase', () => {
  test('is salted, memory-hard, in the PHC format, and recognises that passphrase alone', async () => {
    const vault = openVault();
    const hash = await vault.hash(call, Buffer.from('caf\u00e9'), QUICK_KDF);
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(await vault.hash(call, 'caf\u00e9', QUICK_KDF)).not.toBe(hash);
    const good = { valid: true, needsRehash: false };
    expect(await vault.verify(call, 'cafe\u0301', hash)).toEqual(good);
    expect(await vault.verify(call, 'cafe', hash)).toEqual({ ...good, valid: false });
  });

  test('of another program is recognised, and is to be made anew when it was too cheap', async () => {
    // From the reference implementation: `echo -n password | argon2 somesalt -id -t 2 -k 256 -p 1 -l 32`.
    const cheap =
      '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';
    const expected = { valid: true, needsRehash: true };
    expect(await openVault().verify(call, 'password', cheap)).toEqual(expected);
  });

  test.each([
    ['user-password', 'DDr/E1xOvEvjXHZXtLUPCPofP4iCY8/FRYX0pKy+5xs='],
    ['', '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='],
    ['pässwörd-密碼-🔐', 'hCaszGzBVT726pmuMxcGLHd4Y1iEzPSkDHjqXI+78L0='],
  ])('that LocalMode left is recognised, to be made anew: %j', async (passphrase, hash) => {
    const vault = openVault();
    expect(createHash('sha256').update(passphrase).digest('base64')).toBe(hash);
    const given = Buffer.from(passphrase);
    expect(await vault.verify(call, given, hash)).toEqual({ valid: true, needsRehash: true });
    const other = await vault.verify(call, `${passphrase}x`, hash);
    expect(other).toEqual({ valid: false, needsRehash: true });
  });

  test.each([
    ['', 'hash_unknown'],
    [
      '$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
      'hash_unknown',
    ],
    [
      '$argon2id$v=19$m=019456,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
      'hash_unknown',
    ],
    [
      '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHR$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
      'hash_unknown',
    ],
    [
      '$argon2id$v=19$m=4000000000,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
      'kdf_too_costly',
    ],
    [
      '$argon2id$v=19$m=19456,t=99,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
      'kdf_too_costly',
    ],
    [
      '$argon2id$v=19$m=262144,t=5,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
      'kdf_too_costly',
    ],
    [
      '$argon2id$v=19$m=8,t=2,p=16$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
      'kdf_too_costly',
    ],
  ])('of a kind that nobody makes is refused: %s', async (hash, rule) => {
    await expect(openVault().verify(call, 'password', hash)).rejects.toMatchObject({
      reason: 'InvalidParams',
      details: { rule },
    });
  });
});
