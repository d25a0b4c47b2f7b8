import { join } from 'node:path';
import { methods, RpcError } from '@locara/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Session } from '../../../daemon/access/session.ts';
import { createBlobStore } from '../../../daemon/blobs/blob-store.ts';
import { unsealRecords } from '../../../daemon/collections/unseal-records.ts';
import { collectionsHandlers } from '../../../daemon/handlers/collections.ts';
import type { Embedder } from '../../../daemon/scheduler/embedder.ts';
import { fakeSessionCall } from '../../fakes/session-call.ts';
import { openAppStores } from '../../support/app-stores.ts';
import { aroundNextUpsert } from '../../support/around-next-upsert.ts';
import { commit, drain } from '../../support/collections-app.ts';
import { openPrivacy } from '../../support/open-privacy.ts';
import { makeTemporaryFolder } from '../../support/temporary-store.ts';

const kdf = { name: 'argon2id', memoryKib: 19 * 1024, passes: 2, lanes: 1 } as const;
const collection = 'letters';
const database = 'd';
const LETTER = { id: 'a', text: 'the cat of ann@example.org', metadata: { year: 2024, to: 'Bo' } };
const SEAL = [{ encrypt: { database, keep: ['year'] } }];

type Upsert = (typeof methods)['collections.upsert']['params']['_zod']['input'];

async function setUp({ partitionBy }: { readonly partitionBy?: string } = {}) {
  const { stores } = openAppStores();
  const blobs = await createBlobStore({ folder: join(makeTemporaryFolder(), 'b'), ttlMs: 60_000 });
  onTestFinished(() => blobs.close());
  const denied = new Set<string>();
  const session = {
    id: 's1',
    appId: 'acme/notes',
    manifest: { storage: { backups: { enabled: false } } },
    has: (right: string) => !denied.has(right),
  } as unknown as Session;
  const call = { ...fakeSessionCall(), session };
  const seen: string[] = [];
  const embedder: Embedder = async ({ texts, beforeWork }) => {
    await beforeWork?.(2);
    seen.push(...texts);
    return {
      vectors: texts.map((text) => Float32Array.of(text.includes('cat') ? 1 : 0.1, 0.5)),
      dimensions: 2,
      promptTokens: 1,
      modelDigest: 'sha256:m',
    };
  };
  const privacy = openPrivacy();
  const handlers = collectionsHandlers({ stores, blobs, embedder, privacy });
  await handlers['collections.create']({ collection, tokenizer: 'unicode61', partitionBy }, call);
  const privacyCall = { session, method: 'test', signal: call.signal };
  const upsert = async (records: Upsert['records'], pipeline?: unknown, into = collection) =>
    handlers['collections.upsert'](
      methods['collections.upsert'].params.parse({ collection: into, records, pipeline }),
      call,
    );
  const get = async (...ids: string[]) =>
    (
      await handlers['collections.get'](
        { collection, ids: ids.length === 0 ? ['a'] : ids, encoding: 'float' },
        call,
      )
    ).records;
  const keys = {
    initialize: () =>
      privacy.keystore.initialize(privacyCall, database, { passphrase: Buffer.from('p'), kdf }),
    disable: (meanwhile?: () => Promise<unknown>) =>
      privacy.keystore.disable(privacyCall, database, {
        passphrase: Buffer.from('p'),
        decryptRecords: async (sealed) => {
          await meanwhile?.();
          return unsealRecords(stores, call, { database, ...sealed });
        },
      }),
    lock: () => privacy.keystore.lock('s1'),
    unlock: () => privacy.keystore.unlock(privacyCall, database, { passphrase: Buffer.from('p') }),
    delete: () => privacy.keystore.delete('acme/notes', database),
  };
  await keys.initialize();
  const raw = async () => {
    const params = { collection, vectors: true };
    const { chunks } = await drain(handlers['collections.export'](params, call));
    return chunks.map(({ jsonl }) => jsonl).join('');
  };
  const importLines = async (lines: string) => {
    const blob = await commit(blobs, lines);
    await drain(handlers['collections.import']({ collection, blob, offset: 0 }, call));
  };
  return { denied, call, handlers, stores, privacy, seen, upsert, get, keys, raw, importLines };
}

describe('a sealed record', () => {
  test('opens while its database is unlocked, and says why it does not when it is locked', async () => {
    const { upsert, get, keys, privacy } = await setUp();
    expect(await upsert([LETTER], SEAL)).toEqual({ upserted: 1, privacy: { encrypted: 1 } });
    expect(await get()).toEqual([LETTER]);
    keys.lock();
    const sealed = { database, reason: 'locked' };
    expect(await get()).toEqual([{ id: 'a', metadata: { year: 2024 }, sealed }]);
    await keys.unlock();
    expect(await get()).toEqual([LETTER]);
    expect(privacy.audit.effects).toEqual([
      expect.objectContaining({ step: 'encrypt', counts: { values: 1 } }),
      expect.objectContaining({ step: 'decrypt', counts: { values: 1 } }),
      expect.objectContaining({ step: 'decrypt', counts: { values: 1 } }),
    ]);
  });

  test('is counted in the audit log also where nobody hears that it was stored', async () => {
    const { upsert, get, stores, privacy } = await setUp();
    aroundNextUpsert(stores, {
      after: () => {
        throw new RpcError('Cancelled', 'The call was cancelled.');
      },
    });
    await expect(upsert([LETTER], SEAL)).rejects.toMatchObject({ reason: 'Cancelled' });
    expect(privacy.audit.effects).toMatchObject([{ step: 'encrypt', counts: { values: 1 } }]);
    expect(await get()).toEqual([LETTER]);
  });

  test('is found by meaning and by kept fields, never by words, and has no snippet', async () => {
    const { upsert, handlers, call } = await setUp();
    await upsert([LETTER], SEAL);
    const search = (params: object) =>
      handlers['collections.search'](
        methods['collections.search'].params.parse({ collection, k: 3, ...params }),
        call,
      );
    const found = await search({ text: 'cat', snippets: true });
    expect(found.hits).toMatchObject([{ id: 'a', text: LETTER.text }]);
    expect(found.hits[0]).not.toHaveProperty('snippet');
    expect((await search({ vector: [1, 0.5] })).hits).toHaveLength(1);
    expect((await search({ query: 'cat' })).hits).toEqual([]);
    expect((await search({ text: 'cat', filter: { year: { eq: 2024 } } })).hits).toHaveLength(1);
    expect((await search({ text: 'cat', filter: { to: { eq: 'Bo' } } })).hits).toEqual([]);
  });

  test('without metadata comes back without metadata', async () => {
    const { upsert, get } = await setUp();
    await upsert([{ id: 'a', text: 'cat' }], [{ encrypt: { database } }]);
    expect(await get()).toEqual([{ id: 'a', text: 'cat' }]);
  });

  test('keeps a field of metadata that the app calls $vault', async () => {
    const { upsert, get } = await setUp();
    const letter = { ...LETTER, metadata: { $vault: { database: 'x', envelope: 1 }, year: 1 } };
    await upsert([letter], [{ encrypt: { database, keep: ['$vault', 'year'] } }]);
    expect(await get()).toEqual([letter]);
    await upsert([letter]);
    expect(await get()).toEqual([letter]);
  });

  test('does not open as another record or in another collection', async () => {
    const { upsert, get, raw, handlers, call, importLines } = await setUp();
    await upsert([LETTER], SEAL);
    const moved = (await raw()).replace('"id":"a"', '"id":"b"');
    await importLines(moved);
    expect(await get('b')).toMatchObject([{ id: 'b', sealed: { reason: 'damaged' } }]);
    await handlers['collections.create']({ collection: 'other', tokenizer: 'unicode61' }, call);
    const record = JSON.parse(await raw().then((lines) => lines.split('\n')[0] ?? '')) as object;
    await upsert([record as typeof LETTER], undefined, 'other');
    const params = { collection: 'other', ids: ['a'], encoding: 'float' as const };
    const got = await handlers['collections.get'](params, call);
    expect(got.records).toMatchObject([{ sealed: { reason: 'damaged' } }]);
  });

  test('comes back from an export', async () => {
    const { upsert, get, raw, handlers, call, importLines } = await setUp();
    await upsert([LETTER], SEAL);
    const lines = await raw();
    expect(lines).not.toContain('cat');
    await handlers['collections.delete']({ collection, ids: ['a'] }, call);
    await importLines(lines);
    expect(await get()).toEqual([LETTER]);
  });

  test('cannot be embedded anew, which is said', async () => {
    const { upsert, handlers, call } = await setUp();
    await upsert([LETTER], SEAL);
    await expect(
      drain(handlers['collections.reembed']({ collection }, call)),
    ).rejects.toMatchObject({ reason: 'Conflict', details: { rule: 'supplied_vectors' } });
  });

  test('says no_key once its key is deleted, also when there is a new one of that name', async () => {
    const { upsert, get, keys } = await setUp();
    await upsert([LETTER], SEAL);
    await keys.delete();
    expect(await get()).toMatchObject([{ sealed: { reason: 'no_key' } }]);
    await keys.initialize();
    expect(await get()).toMatchObject([{ sealed: { reason: 'no_key' } }]);
    keys.lock();
    expect(await get()).toMatchObject([{ sealed: { reason: 'no_key' } }]);
  });
});

describe('refused before anything is embedded or charged', () => {
  const noisy = [{ dp: { epsilon: 300, delta: 1e-5 } }];

  test('a collection that there is not, also with vectors of the app', async () => {
    const { upsert, privacy } = await setUp();
    const records = [{ id: 'a', vector: [1, 2] }];
    await expect(upsert(records, noisy, 'none')).rejects.toMatchObject({ reason: 'NotFound' });
    expect(privacy.audit.effects).toEqual([]);
  });

  test('vectors that the collection does not take', async () => {
    const { upsert, privacy } = await setUp();
    await upsert([{ id: 'a', vector: [1, 2] }]);
    await expect(upsert([{ id: 'b', vector: [1, 2, 3] }], noisy)).rejects.toMatchObject({
      details: { rule: 'dimensions' },
    });
    expect(privacy.audit.effects).toEqual([]);
  });

  test('more records than their allowance has left', async () => {
    const { upsert, seen, privacy } = await setUp();
    const terms = { maxEpsilon: 300, delta: 1e-5, onExhausted: 'block' } as const;
    await privacy.budgets.create('acme/notes', 'b', terms);
    const dp = { epsilon: 300, delta: 1e-5, budget: 'b' };
    const records = [LETTER, { id: 'b', vector: [1, 2] }];
    await expect(upsert(records, [{ dp }])).rejects.toMatchObject({
      details: { rule: 'privacy_budget' },
    });
    expect(seen).toEqual([]);
    await upsert([LETTER], [{ dp }]);
    expect(seen).toEqual([LETTER.text]);
  });

  test('noise that leaves nothing', async () => {
    const { upsert, seen } = await setUp();
    await expect(upsert([LETTER], [{ dp: { epsilon: 0.1 } }])).rejects.toMatchObject({
      details: { rule: 'useless_utility' },
    });
    expect(seen).toEqual([]);
  });

  test('a record that is too large once it is sealed', async () => {
    const { upsert, seen, get } = await setUp();
    const fits = { id: 'a', text: 'ä'.repeat(95_000) };
    await upsert([fits], SEAL);
    expect(await get()).toEqual([fits]);
    seen.length = 0;
    const large = { id: 'b', text: 'x'.repeat(200_000) };
    await expect(upsert([large], SEAL)).rejects.toMatchObject({
      reason: 'PayloadTooLarge',
      message: expect.stringContaining('sealed') as string,
    });
    expect(seen).toEqual([]);
  });

  test('a partition that would be sealed', async () => {
    const { upsert, seen } = await setUp({ partitionBy: 'year' });
    await upsert([LETTER], SEAL);
    seen.length = 0;
    await expect(upsert([LETTER], [{ encrypt: { database } }])).rejects.toMatchObject({
      reason: 'InvalidParams',
      details: { rule: 'keep_partition' },
    });
    expect(seen).toEqual([]);
  });
});

describe('disabling the encryption of a database', () => {
  test('makes every record plain, and found by words', async () => {
    const { upsert, get, keys, handlers, call, raw } = await setUp();
    await upsert([LETTER, { ...LETTER, id: 'b' }], SEAL);
    expect(await keys.disable()).toEqual({ isRight: true, decrypted: 2, left: 0 });
    expect(await raw()).not.toContain('$vault');
    expect(await get()).toEqual([LETTER]);
    const { hits } = await handlers['collections.search'](
      methods['collections.search'].params.parse({ collection, k: 3, query: 'cat' }),
      call,
    );
    expect(hits).toHaveLength(2);
  });

  test('says how many stay sealed where it may not write, and nothing where it may not read', async () => {
    const { denied, upsert, keys } = await setUp();
    await upsert([LETTER, { ...LETTER, id: 'b' }], SEAL);
    denied.add('store:write');
    expect(await keys.disable()).toEqual({ isRight: true, decrypted: 0, left: 2 });
    denied.add('store:read');
    expect(await keys.disable()).toEqual({ isRight: true, decrypted: 0 });
  });

  test('goes on behind a record that does not open', async () => {
    const { upsert, get, keys, raw, importLines } = await setUp();
    await upsert([LETTER], SEAL);
    await importLines((await raw()).replace('"id":"a"', '"id":"b"'));
    await upsert([{ ...LETTER, id: 'c' }], SEAL);
    expect(await keys.disable()).toEqual({ isRight: true, decrypted: 2, left: 1 });
    expect(await get('a', 'b', 'c')).toMatchObject([
      LETTER,
      { sealed: { reason: 'damaged' } },
      { ...LETTER, id: 'c' },
    ]);
  });

  test('keeps what was written, and what was deleted, since a record was read', async () => {
    const { upsert, get, keys, handlers, call, stores } = await setUp();
    await upsert([LETTER, { ...LETTER, id: 'b' }], SEAL);
    aroundNextUpsert(stores, {
      before: async () => {
        await upsert([{ id: 'a', text: 'new' }]);
        await handlers['collections.delete']({ collection, ids: ['b'] }, call);
      },
    });
    expect(await keys.disable()).toEqual({ isRight: true, decrypted: 0, left: 0 });
    expect(await get('a', 'b')).toEqual([{ id: 'a', text: 'new' }]);
  });

  test('leaves nothing sealed by an upsert that it overtook', async () => {
    const { upsert, keys, stores, raw } = await setUp();
    aroundNextUpsert(stores, { before: () => keys.disable() });
    await upsert([LETTER], SEAL);
    expect(await raw()).not.toContain('$vault');
    expect(await raw()).toContain('cat');
  });
});
