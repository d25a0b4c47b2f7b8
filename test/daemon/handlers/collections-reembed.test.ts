import { describe, expect, test } from 'vitest';
import { collection, drain, embedBy, openApp, recordsOf } from '../../support/collections-app.ts';

describe('another model', () => {
  async function openFilled() {
    const app = await openApp();
    await app
      .using(embedBy(2))
      ['collections.upsert']({ collection, records: recordsOf(150) }, app.call);
    return app;
  }
  const describe2 = { modelDigest: 'sha256:2', dimensions: 2, vectors: 200 };
  const describe3 = { modelDigest: 'sha256:3', dimensions: 3, vectors: 200 };

  test('is refused before all texts are embedded, and the way out is named', async () => {
    const { call, using } = await openFilled();
    const seen: string[] = [];
    const handlers = using(embedBy(3, seen));
    const details = {
      collectionModel: 'sha256:2',
      model: 'sha256:3',
      method: 'collections.reembed',
    };
    await expect(
      handlers['collections.upsert']({ collection, records: recordsOf(150) }, call),
    ).rejects.toMatchObject({ reason: 'Conflict', details });
    expect(seen).toHaveLength(64);
    await expect(
      handlers['collections.search']({ collection, text: 'x', k: 1 }, call),
    ).rejects.toMatchObject({ reason: 'Conflict', details });
  });

  test('takes over when all texts are embedded anew, also in two halves', async () => {
    const { call, using } = await openFilled();
    const handlers = using(embedBy(3));
    const stream = handlers['collections.reembed']({ collection }, call);
    expect((await stream.next()).value).toEqual({ done: 64, total: 150 });
    await stream.return(undefined as never);
    const between = await handlers['collections.describe']({ collection }, call);
    expect(between).toMatchObject({ ...describe2, reembedding: { modelDigest: 'sha256:3' } });
    const old = { collection, vector: [1, 1], k: 1 };
    expect((await handlers['collections.search'](old, call)).hits).toHaveLength(1);
    const { result } = await drain(handlers['collections.reembed']({ collection }, call));
    expect(result).toEqual({ reembedded: 86, modelDigest: 'sha256:3', dimensions: 3 });
    const after = await handlers['collections.describe']({ collection }, call);
    expect(after).toMatchObject(describe3);
    expect(after.reembedding).toBeUndefined();
    const { hits } = await handlers['collections.search']({ collection, text: 'x', k: 3 }, call);
    expect(hits).toHaveLength(3);
    const again = await drain(handlers['collections.reembed']({ collection }, call));
    expect(again.result.reembedded).toBe(0);
  });

  test('meanwhile takes what is written and deleted into account', async () => {
    const { call, using } = await openFilled();
    const handlers = using(embedBy(3));
    const stream = handlers['collections.reembed']({ collection }, call);
    await stream.next();
    const changed = [recordsOf(1)[0]?.id ?? '', recordsOf(150)[149]?.id ?? ''];
    const records = changed.map((id) => ({ id, text: 'new' }));
    await handlers['collections.upsert']({ collection, records }, call);
    await handlers['collections.delete']({ collection, ids: [recordsOf(2)[1]?.id ?? ''] }, call);
    await expect(
      handlers['collections.upsert']({ collection, records: [{ id: 'x', vector: [1, 1] }] }, call),
    ).rejects.toMatchObject({ reason: 'Conflict' });
    await drain(stream);
    const wanted = { collection, ids: changed, vectors: true, encoding: 'float' as const };
    const got = await handlers['collections.get'](wanted, call);
    expect(got.records.map(({ vector }) => vector)).toEqual([
      [3, 3, 3],
      [3, 3, 3],
    ]);
    const state = await handlers['collections.describe']({ collection }, call);
    expect(state).toMatchObject({ records: 149, modelDigest: 'sha256:3' });
  });

  test('that comes while one is half done begins from the first text', async () => {
    const { call, using } = await openFilled();
    const stream = using(embedBy(3))['collections.reembed']({ collection }, call);
    await stream.next();
    await stream.return(undefined as never);
    const { result } = await drain(using(embedBy(4))['collections.reembed']({ collection }, call));
    expect(result).toEqual({ reembedded: 150, modelDigest: 'sha256:4', dimensions: 4 });
  });

  test('is not for vectors that the app supplied', async () => {
    const { call, using } = await openFilled();
    const handlers = using(embedBy(3));
    await handlers['collections.upsert'](
      { collection, records: [{ id: 'own', vector: [1, 1] }] },
      call,
    );
    await expect(
      drain(handlers['collections.reembed']({ collection }, call)),
    ).rejects.toMatchObject({ reason: 'Conflict', details: { rule: 'supplied_vectors' } });
    await handlers['collections.delete']({ collection, ids: ['own'] }, call);
    await drain(handlers['collections.reembed']({ collection }, call));
  });

  test('may come once there is no vector any more', async () => {
    const { call, using } = await openFilled();
    const handlers = using(embedBy(3));
    const ids = recordsOf(150).map(({ id }) => id);
    await handlers['collections.delete']({ collection, ids }, call);
    expect(
      (await handlers['collections.search']({ collection, text: 'x', k: 1 }, call)).hits,
    ).toEqual([]);
    await handlers['collections.upsert']({ collection, records: recordsOf(1) }, call);
    expect(await handlers['collections.describe']({ collection }, call)).toMatchObject({
      modelDigest: 'sha256:3',
      dimensions: 3,
    });
  });
});

describe('several vectors of one record', () => {
  test('may be supplied, and are searched by the best', async () => {
    const { call, using } = await openApp();
    const handlers = using(embedBy(2));
    const records = [
      {
        id: 'two',
        vectors: [
          [1, 0],
          [0, 1],
        ],
      },
      { id: 'one', vector: [1, 1] },
    ];
    await handlers['collections.upsert']({ collection, records }, call);
    const { hits } = await handlers['collections.search'](
      { collection, vector: [0, 2], k: 2 },
      call,
    );
    expect(hits.map(({ id }) => id)).toEqual(['two', 'one']);
    const wanted = { collection, ids: ['two', 'one'], vectors: true, encoding: 'float' as const };
    const got = await handlers['collections.get'](wanted, call);
    expect(got.records).toEqual([
      {
        id: 'two',
        vector: [1, 0],
        vectors: [
          [1, 0],
          [0, 1],
        ],
      },
      { id: 'one', vector: [1, 1] },
    ]);
    await handlers['collections.upsert']({ collection, records: got.records }, call);
    const strange = [{ id: 'x', vector: [1, 2], vectors: [[2, 1]] }];
    await expect(
      handlers['collections.upsert']({ collection, records: strange }, call),
    ).rejects.toMatchObject({ reason: 'InvalidParams', details: { rule: 'vectors' } });
  });
});
