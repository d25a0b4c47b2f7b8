import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { callOf, openVault, QUICK_KDF, vaultKeyOf } from '../../../support/vault.ts';

const SEALED = { reason: 'Conflict', details: { rule: 'sealed' } };
const call = callOf();
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
