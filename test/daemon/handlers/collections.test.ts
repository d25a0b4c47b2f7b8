import { join } from 'node:path';
import type { Capability, Params } from '@locara/protocol';
import { RpcError } from '@locara/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createBlobStore } from '../../../daemon/blobs/blob-store.ts';
import { collectionsHandlers } from '../../../daemon/handlers/collections.ts';
import { dbHandlers } from '../../../daemon/handlers/db.ts';
import type { Embedder } from '../../../daemon/scheduler/embedder.ts';
import type { SessionCall } from '../../../daemon/rpc/handler.ts';
import { openPrivacy } from '../../support/open-privacy.ts';
import { openAppStores } from '../../support/app-stores.ts';
import { makeTemporaryFolder } from '../../support/temporary-store.ts';

/** Texts on two axes, by the words that they hold. */
const embedByWords: Embedder = ({ texts }) =>
  Promise.resolve({
    vectors: texts.map((text) =>
      Float32Array.of(/cat|kitten/.test(text) ? 1 : 0.1, /money|rates/.test(text) ? 1 : 0.1),
    ),
    dimensions: 2,
    promptTokens: texts.length,
    modelDigest: 'sha256:words',
  });

async function openApp(held: readonly Capability[], embedder: Embedder = embedByWords) {
  const { stores } = openAppStores();
  const blobs = await createBlobStore({ folder: join(makeTemporaryFolder(), 'b'), ttlMs: 60_000 });
  onTestFinished(() => blobs.close());
  const call = {
    session: {
      appId: 'acme/notes',
      manifest: { storage: { sql: true, backups: { enabled: false } } },
      has: (capability: Capability) => held.includes(capability),
    },
    signal: new AbortController().signal,
    require: (capability: Capability) => {
      if (!held.includes(capability)) throw new RpcError('CapabilityDenied', 'denied');
    },
    progress: () => undefined,
  } as unknown as SessionCall;
  return {
    call,
    blobs,
    collections: collectionsHandlers({ stores, embedder, blobs, privacy: openPrivacy() }),
    db: dbHandlers({ stores }),
  };
}

const collection = 'documents';
const records: Params<'collections.upsert'>['records'] = [
  { id: 'cat', text: 'the cat sleeps' },
  { id: 'money', text: 'rates rise' },
];
const f32 = (...values: number[]) => ({
  f32: Buffer.from(Float32Array.from(values).buffer).toString('base64'),
});

describe('the handlers of collections', () => {
  test('embed text that comes without a vector, and find it by meaning', async () => {
    const { call, collections } = await openApp(['embed:create']);
    await collections['collections.create']({ collection, tokenizer: 'unicode61' }, call);
    expect(await collections['collections.upsert']({ collection, records }, call)).toEqual({
      upserted: 2,
    });
    const search = { collection, text: 'kitten', k: 1 };
    const { hits } = await collections['collections.search'](search, call);
    expect(hits.map(({ id, text }) => ({ id, text }))).toEqual([
      { id: 'cat', text: 'the cat sleeps' },
    ]);
  });

  test('embed only what needs it, each vector with its own record', async () => {
    const texts: string[] = [];
    const { call, collections } = await openApp(['embed:create'], (request) => {
      texts.push(...request.texts);
      return embedByWords(request);
    });
    await collections['collections.create']({ collection, tokenizer: 'unicode61' }, call);
    const mixed = [
      { id: 'own', text: 'cat', vector: [0, 3] },
      { id: 'empty', text: ' ' },
      { id: 'none' },
      { id: 'packed', vector: f32(0.5, 0.25) },
      ...records,
    ];
    await collections['collections.upsert']({ collection, records: mixed }, call);
    expect(texts).toEqual(['the cat sleeps', 'rates rise']);
    const ids = ['own', 'empty', 'none', 'packed', 'cat'];
    const wanted = { collection, ids, vectors: true, encoding: 'f32' } as const;
    const got = await collections['collections.get'](wanted, call);
    expect(got.records.map(({ id, vector }) => [id, vector])).toEqual([
      ['own', f32(0, 3)],
      ['empty', undefined],
      ['none', undefined],
      ['packed', f32(0.5, 0.25)],
      ['cat', f32(1, 0.1)],
    ]);
    const plain = { ...wanted, ids: ['packed'], encoding: 'float' as const };
    const numbers = await collections['collections.get'](plain, call);
    expect(numbers.records[0]?.vector).toEqual([0.5, 0.25]);
  });

  test('refuse to embed without embed:create, but keep and find what needs no model', async () => {
    const { call, collections } = await openApp([]);
    await collections['collections.create']({ collection, tokenizer: 'unicode61' }, call);
    const upsert = collections['collections.upsert'];
    const search = collections['collections.search'];
    await expect(upsert({ collection, records }, call)).rejects.toMatchObject({
      reason: 'CapabilityDenied',
    });
    await expect(search({ collection, text: 'cat', k: 1 }, call)).rejects.toMatchObject({
      reason: 'CapabilityDenied',
    });
    const own = [{ id: 'own', text: 'a cat', vector: [1, 0] }];
    await upsert({ collection, records: own }, call);
    for (const by of [{ query: 'cat' }, { vector: [1, 0] }, { query: 'cat', vector: [1, 0] }]) {
      expect((await search({ collection, k: 1, ...by }, call)).hits[0]?.id).toBe('own');
    }
  });

  test('with hybrid, search by meaning and by the same words', async () => {
    const { call, collections } = await openApp(['embed:create']);
    await collections['collections.create']({ collection, tokenizer: 'unicode61' }, call);
    await collections['collections.upsert']({ collection, records }, call);
    const search = { collection, text: 'kitten sleeps', k: 2, hybrid: true };
    const { hits } = await collections['collections.search'](search, call);
    expect(hits[0]?.id).toBe('cat');
    expect(hits[0]?.score).toBeCloseTo(2 / 61, 6);
  });

  test('refuse an unknown collection before embedding anything', async () => {
    const { call, collections } = await openApp(['embed:create'], () => {
      throw new Error('embedded');
    });
    await expect(
      collections['collections.upsert']({ collection, records }, call),
    ).rejects.toMatchObject({ reason: 'NotFound' });
    await expect(
      collections['collections.search']({ collection, text: 'x', k: 1 }, call),
    ).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test.each(['', 'AAA=', 'AAAAAAA='])('refuse %j as an f32 vector', async (broken) => {
    const { call, collections } = await openApp([]);
    await collections['collections.create']({ collection, tokenizer: 'unicode61' }, call);
    const odd = [{ id: 'x', vector: { f32: broken } }];
    await expect(
      collections['collections.upsert']({ collection, records: odd }, call),
    ).rejects.toMatchObject({ reason: 'InvalidParams' });
  });
});

describe('the handlers of db', () => {
  test('let a migration change tables, but run other SQL only with store:sql', async () => {
    const schema = { version: 1, name: 'a', sql: 'CREATE TABLE a (x); CREATE INDEX i ON a (x)' };
    const rows = { version: 2, name: 'b', sql: 'INSERT INTO a VALUES (1)' };
    const without = await openApp([]);
    expect(await without.db['db.migrate']({ migrations: [schema] }, without.call)).toEqual({
      version: 1,
      applied: [1],
    });
    await expect(
      without.db['db.migrate']({ migrations: [schema, rows] }, without.call),
    ).rejects.toMatchObject({ reason: 'CapabilityDenied', message: 'denied' });
    expect((await without.db['db.info']({}, without.call)).schemaVersion).toBe(1);
    const held = await openApp(['store:sql']);
    expect(await held.db['db.migrate']({ migrations: [schema, rows] }, held.call)).toEqual({
      version: 2,
      applied: [1, 2],
    });
  });

  test('run SQL on the store of the calling app', async () => {
    const { call, db } = await openApp(['store:sql']);
    await db['db.exec']({ sql: 'CREATE TABLE a (x)' }, call);
    await db['db.batch']({ statements: [{ sql: 'INSERT INTO a VALUES (1)' }] }, call);
    expect(await db['db.query']({ sql: 'SELECT x FROM a', limit: 1 }, call)).toEqual({
      rows: [{ x: 1 }],
    });
    expect((await db['db.info']({}, call)).tables).toEqual(['a']);
  });
});
