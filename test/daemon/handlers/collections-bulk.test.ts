import { describe, expect, test } from 'vitest';
import {
  APP,
  collection,
  commit,
  drain,
  embedBy,
  openApp,
  recordsOf,
} from '../../support/collections-app.ts';

describe('export and import', () => {
  test('make the same collection again, vectors included', async () => {
    const { call, blobs, using } = await openApp();
    const handlers = using(embedBy(2));
    const records = recordsOf(450);
    await handlers['collections.upsert']({ collection, records }, call);
    const { chunks, result } = await drain(
      handlers['collections.export']({ collection, vectors: true }, call),
    );
    expect(result.records).toBe(450);
    const file = chunks.map(({ jsonl }) => jsonl).join('');
    const blob = await commit(blobs, file);
    const copy = 'copy';
    await handlers['collections.create']({ collection: copy, tokenizer: 'porter' }, call);
    const imported = await drain(
      handlers['collections.import']({ collection: copy, blob, offset: 0 }, call),
    );
    expect(imported.result).toEqual({ imported: 450, offset: Buffer.byteLength(file) });
    expect(imported.chunks.map((chunk) => chunk.imported)).toEqual([200, 400, 450]);
    const ids = records.slice(0, 4).map(({ id }) => id);
    const wanted = { ids, vectors: true, encoding: 'float' as const };
    const [first, second] = [collection, copy].map((name) =>
      handlers['collections.get']({ ...wanted, collection: name }, call),
    );
    expect(await second).toEqual(await first);
    expect((await first)?.records[0]).toMatchObject({
      vectors: [
        [28, 28],
        [28, 28],
      ],
    });
  });

  test('an export goes on behind its cursor, and finds what was added', async () => {
    const { call, using } = await openApp();
    const handlers = using(embedBy(2));
    await handlers['collections.upsert']({ collection, records: recordsOf(3) }, call);
    const { result } = await drain(handlers['collections.export']({ collection }, call));
    await handlers['collections.upsert']({ collection, records: [{ id: 'new' }] }, call);
    const more = await drain(
      handlers['collections.export']({ collection, after: result.cursor }, call),
    );
    expect(more.chunks.map(({ jsonl }) => jsonl)).toEqual(['{"id":"new"}\n']);
    for (const after of ['', 'x', Buffer.from('9:1').toString('base64url')]) {
      await expect(
        drain(handlers['collections.export']({ collection, after }, call)),
      ).rejects.toMatchObject({ reason: 'InvalidParams', details: { rule: 'cursor' } });
    }
  });

  test('a record larger than a piece is cut, and only its end has a cursor', async () => {
    const { call, using } = await openApp();
    const handlers = using(embedBy(2));
    const text = '🐈"'.repeat(300_000);
    await handlers['collections.upsert'](
      { collection, records: [{ id: 'big', text, vector: [1, 1] }] },
      call,
    );
    const { chunks } = await drain(handlers['collections.export']({ collection }, call));
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.slice(0, -1).every(({ cursor }) => cursor === undefined)).toBe(true);
    for (const { jsonl } of chunks) expect(jsonl.isWellFormed()).toBe(true);
    expect(JSON.parse(chunks.map(({ jsonl }) => jsonl).join(''))).toEqual({ id: 'big', text });
  });

  const good = '{"id":"a"}\n{"id":"b"}\n';
  test.each<[string, string | Buffer, string]>([
    ['no JSON', '{"id":', 'json'],
    ['no record', '{"id":1}', 'record'],
    ['an unknown field', '{"id":"c","txt":"x"}', 'record'],
    ['a prototype', '{"id":"c","metadata":{"__proto__":{"x":1}}}', 'record'],
    ['a lone surrogate', '{"id":"\\ud800"}', 'record'],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'utf8'],
    ['too deep', `{"id":"c","metadata":{"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`, 'depth'],
    ['too long', `{"id":"${'x'.repeat(5_000_000)}"}`, 'line_length'],
    ['no direction', '{"id":"c","vector":[0,0]}', 'vector'],
    ['another length', '{"id":"c","vector":[1,2,3]}', 'dimensions'],
    ['broken floats', '{"id":"c","vector":{"f32":"AAA="}}', 'vector'],
    ['large metadata', `{"id":"c","metadata":{"x":"${'y'.repeat(300_000)}"}}`, 'metadata_size'],
  ])('a line with %s ends an import, and what is before it is in', async (_name, line, rule) => {
    const { call, blobs, using } = await openApp();
    const handlers = using(embedBy(2));
    const vectors = [{ id: 'v', vector: [1, 1] }];
    await handlers['collections.upsert']({ collection, records: vectors }, call);
    const file = Buffer.concat([Buffer.from(good), Buffer.from(line), Buffer.from('\n{"id":"z"}')]);
    const blob = await commit(blobs, file);
    await expect(
      drain(handlers['collections.import']({ collection, blob, offset: 0 }, call)),
    ).rejects.toMatchObject({
      reason: 'InvalidParams',
      details: { line: 3, rule, offset: good.length },
    });
    const wanted = { collection, ids: ['a', 'b', 'z'], encoding: 'float' as const };
    const { records } = await handlers['collections.get'](wanted, call);
    expect(records.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('a blob of somebody else, or one not committed, is refused', async () => {
    const { call, blobs, using } = await openApp();
    const run = (blob: string) =>
      drain(using(embedBy(2))['collections.import']({ collection, blob, offset: 0 }, call));
    await expect(run('none')).rejects.toMatchObject({ reason: 'NotFound' });
    await expect(run((await blobs.create('other/app')).blob)).rejects.toMatchObject({
      reason: 'NotFound',
    });
    await expect(run((await blobs.create(APP)).blob)).rejects.toMatchObject({ reason: 'Conflict' });
  });
});
