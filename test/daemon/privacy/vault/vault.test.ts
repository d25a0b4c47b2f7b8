import { randomBytes } from 'node:crypto';
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

describe('the streams of an app', () => {
  test('leave places to others, in however many sessions they are open', async () => {
    const vault = openVault({ mine: vaultKeyOf(), theirs: vaultKeyOf({ appId: 'acme/other' }) });
    const open = (appId: string, session: string, database: string) =>
      vault.openStream(callOf(appId, session), { direction: 'encrypt', database });
    for (let at = 0; at < 32; at += 1) await open('acme/notes', `s${at >> 3}`, 'mine');
    await expect(open('acme/notes', 's9', 'mine')).rejects.toMatchObject({ reason: 'Busy' });
    await expect(open('acme/other', 't1', 'theirs')).resolves.toHaveProperty('stream');
    vault.forgetSession('s0');
    await expect(open('acme/notes', 's9', 'mine')).resolves.toHaveProperty('stream');
  });
});

describe('a stream of a session', () => {
  const plain = randomBytes(3 * 1024 * 1024 + 17);

  async function encryptAll(vault: ReturnType<typeof openVault>, key = 'db') {
    const context = { record: 'film' };
    const opened = await vault.openStream(call, { direction: 'encrypt', database: key, context });
    const { stream, header } = opened;
    const out: Buffer[] = [];
    for (let offset = 0; offset < plain.length; offset += 1024 * 1024) {
      const bytes = plain.subarray(offset, offset + 1024 * 1024);
      out.push(await vault.pushStream('s1', { stream, offset, bytes }));
    }
    out.push(await vault.closeStream('s1', { stream, offset: plain.length }));
    return { header, sealed: Buffer.concat(out) };
  }

  test('comes back, by the same key and context alone', async () => {
    const vault = openVault({ db: vaultKeyOf(), other: vaultKeyOf({ store: 'other' }) });
    const { header, sealed } = await encryptAll(vault);
    const open = (options: object) =>
      vault.openStream(call, {
        direction: 'decrypt',
        database: 'db',
        context: { record: 'film' },
        header,
        ...options,
      });
    const { stream } = await open({});
    const first = await vault.pushStream('s1', { stream, offset: 0, bytes: sealed });
    const last = await vault.closeStream('s1', { stream, offset: sealed.length });
    expect(Buffer.concat([first, last]).equals(plain)).toBe(true);
    await expect(open({ database: 'other' })).rejects.toMatchObject(SEALED);
    await expect(open({ header: 'AAAA' })).rejects.toMatchObject(SEALED);
    const { stream: misplaced } = await open({ context: { record: 'song' } });
    const piece = { stream: misplaced, offset: 0, bytes: sealed };
    await expect(vault.pushStream('s1', piece)).rejects.toMatchObject(SEALED);
    await expect(vault.pushStream('s1', piece)).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('by passphrase says in its header how the key comes of it', async () => {
    const vault = openVault();
    const by = { passphrase: 'p' };
    const opened = await vault.openStream(call, { direction: 'encrypt', kdf: QUICK_KDF, ...by });
    const sealed = await vault.closeStream('s1', { stream: opened.stream, offset: 0 });
    const { header } = opened;
    const { stream } = await vault.openStream(call, { direction: 'decrypt', header, ...by });
    await vault.pushStream('s1', { stream, offset: 0, bytes: sealed });
    expect(await vault.closeStream('s1', { stream, offset: 16 })).toHaveLength(0);
    const wrong = { direction: 'decrypt', header, passphrase: 'q' } as const;
    await expect(vault.openStream(call, wrong)).rejects.toMatchObject(SEALED);
  });

  test('takes pieces in their order alone, and one at a time', async () => {
    const vault = openVault({ db: vaultKeyOf() });
    const { stream } = await vault.openStream(call, { direction: 'encrypt', database: 'db' });
    const bytes = Buffer.alloc(1024 * 1024, 1);
    const pushed = [0, 1, 2].map((at) =>
      vault.pushStream('s1', { stream, offset: at * bytes.length, bytes }),
    );
    const closed = vault.closeStream('s1', { stream, offset: 3 * bytes.length });
    expect((await Promise.all([...pushed, closed])).map(({ length }) => length > 0)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    const next = await vault.openStream(call, { direction: 'encrypt', database: 'db' });
    const wrong = vault.pushStream('s1', { stream: next.stream, offset: 1, bytes });
    await expect(wrong).rejects.toMatchObject({
      reason: 'Conflict',
      details: { rule: 'wrong_offset', expected: 0 },
    });
    await vault.pushStream('s1', { stream: next.stream, offset: 0, bytes });
  });

  test('ends with its session, when it is abandoned, and as soon as its key is erased', async () => {
    const key = vaultKeyOf();
    const vault = openVault({ db: key });
    const open = async () =>
      (await vault.openStream(call, { direction: 'encrypt', database: 'db' })).stream;
    const push = (stream: string, session = 's1') =>
      vault.pushStream(session, { stream, offset: 0, bytes: Buffer.alloc(1) });
    const streams = [await open(), await open(), await open()] as const;
    await expect(push(streams[0], 's2')).rejects.toMatchObject({ reason: 'NotFound' });
    vault.abandonStream('s1', streams[0]);
    await expect(push(streams[0])).rejects.toMatchObject({ reason: 'NotFound' });
    key.erase();
    await expect(push(streams[1])).rejects.toMatchObject({ details: { rule: 'vault_locked' } });
    vault.forgetSession('s1');
    await expect(push(streams[2])).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('is one of eight at most', async () => {
    const vault = openVault({ db: vaultKeyOf() });
    const open = () => vault.openStream(call, { direction: 'encrypt', database: 'db' });
    for (let count = 0; count < 8; count += 1) await open();
    await expect(open()).rejects.toMatchObject({ reason: 'Busy' });
  });

  test('lets others have their turn while a megabyte is encrypted', async () => {
    const vault = openVault({ db: vaultKeyOf() });
    const { stream } = await vault.openStream(call, { direction: 'encrypt', database: 'db' });
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await vault.pushStream('s1', { stream, offset: 0, bytes: Buffer.alloc(1024 * 1024) });
    isDone = true;
    expect(turns).toBeGreaterThanOrEqual(3);
  });
});
