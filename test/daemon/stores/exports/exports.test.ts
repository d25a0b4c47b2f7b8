import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { RpcError } from '@locara/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { openStoreDatabase } from '../../../../daemon/stores/database/database.ts';
import type { ExportForm } from '../../../../daemon/workers/store/ops/export-ops.ts';
import type { StoreStart } from '../../../../daemon/workers/store/ops.ts';
import type { CallStore } from '../../../support/engine-call.ts';
import { openEngine } from '../../../support/open-engine.ts';
import {
  makeStoreStart,
  makeTemporaryFolder,
  refusalOf,
} from '../../../support/temporary-store.ts';

let start: StoreStart;
let run: CallStore;

beforeEach(() => {
  start = makeStoreStart();
  run = openEngine(start).call;
});

function fill(): void {
  run('exec', { sql: 'CREATE TABLE "odd ""name" (a, b TEXT, c AS (a + 1))' });
  run('exec', {
    sql: 'INSERT INTO "odd ""name" VALUES (?, ?), (?, ?), (?, ?)',
    params: [1, 'canary', { int64: '9223372036854775807' }, null, { base64: 'AAE=' }, 0.5],
  });
  run('exec', { sql: 'CREATE TABLE pairs (k PRIMARY KEY, v) WITHOUT ROWID' });
  run('exec', { sql: "INSERT INTO pairs VALUES ('x', 'y')" });
  run('createCollection', { collection: 'docs' });
  run('upsertRecords', {
    collection: 'docs',
    records: [
      { id: 'one', text: 'a canary', metadata: { n: 1 }, vectors: [Float32Array.of(1, 0)] },
      { id: 'two' },
    ],
  });
}

function exportAs(form: ExportForm, key = randomBytes(32)) {
  const begun = run('beginExport', { id: 'x', form, key });
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { piece, isLast, unreadable } = run('readExport', { id: 'x' });
    expect(piece.length).toBeLessThanOrEqual(1024 * 1024);
    pieces.push(piece);
    if (!isLast) continue;
    run('endExport', { id: 'x' });
    return { ...begun, bytes: Buffer.concat(pieces), unreadable, key };
  }
}

const scratch = (): string[] =>
  readdirSync(dirname(start.path)).filter((name) => name.includes('scratch'));

describe('an export', () => {
  test('as JSON Lines has a header, every row and every record, in wire values', () => {
    fill();
    const { bytes, unreadable } = exportAs('jsonl');
    const lines = bytes.toString('utf8').trimEnd().split('\n');
    expect(unreadable).toEqual([]);
    const [header, ...rest] = lines.map((line) => JSON.parse(line) as unknown);
    expect(header).toMatchObject({
      schema: 'locara-export/1',
      tables: [
        { name: 'odd "name', columns: ['a', 'b'] },
        { name: 'pairs', columns: ['k', 'v'] },
      ],
      collections: [{ name: 'docs', dimensions: 2 }],
    });
    const f32 = Buffer.from(Float32Array.of(1, 0).buffer).toString('base64');
    expect(rest).toEqual([
      { table: 'odd "name', row: { a: 1, b: 'canary' } },
      { table: 'odd "name', row: { a: { int64: '9223372036854775807' }, b: null } },
      { table: 'odd "name', row: { a: { base64: 'AAE=' }, b: '0.5' } },
      { table: 'pairs', row: { k: 'x', v: 'y' } },
      {
        collection: 'docs',
        record: { id: 'one', text: 'a canary', metadata: { n: 1 }, vectors: [{ f32 }] },
      },
      { collection: 'docs', record: { id: 'two' } },
    ]);
  });

  test('has a table once, with its own SQL, also where a trigger has the same name', () => {
    run('exec', { sql: 'CREATE TABLE notes (a)' });
    run('exec', {
      sql: 'CREATE TRIGGER notes AFTER INSERT ON notes BEGIN DELETE FROM notes WHERE a > 1; END',
    });
    run('exec', { sql: 'INSERT INTO notes VALUES (1)' });
    const [header, ...rows] = exportAs('jsonl').bytes.toString('utf8').trimEnd().split('\n');
    expect(JSON.parse(header ?? '')).toMatchObject({
      tables: [{ name: 'notes', sql: 'CREATE TABLE notes (a)' }],
    });
    expect(rows).toEqual(['{"table":"notes","row":{"a":1}}']);
  });

  test('as SQLCipher opens with its own key alone, and has everything in it', () => {
    fill();
    const { bytes, key, totalBytes } = exportAs('sqlcipher');
    expect(totalBytes).toBe(bytes.length);
    expect(bytes.includes('canary')).toBe(false);
    const path = join(makeTemporaryFolder(), 'copy.db');
    writeFileSync(path, bytes);
    const [own = new Uint8Array(32)] = start.keys;
    expect(refusalOf(() => openStoreDatabase({ path, key: own, quotaBytes: 2 ** 30 })).reason).toBe(
      'Unavailable',
    );
    const copy = openStoreDatabase({ path, key, quotaBytes: 2 ** 30 });
    expect([...copy.prepare('SELECT k, v FROM pairs').rows()]).toEqual([['x', 'y']]);
    copy.close();
  });

  test('as SQLite is a plain database that any SQLite opens, and never was one on this disk', () => {
    fill();
    run('exec', { sql: 'CREATE TABLE big (b)' });
    run('exec', {
      sql: `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
            INSERT INTO big SELECT printf('row %d %.*c', i, 800, 'x') FROM n`,
    });
    run('beginExport', { id: 'y', form: 'sqlite', key: randomBytes(32) });
    for (const name of scratch()) {
      expect(readFileSync(join(dirname(start.path), name)).includes('canary')).toBe(false);
    }
    run('endExport', { id: 'y' });
    const { bytes } = exportAs('sqlite');
    expect(bytes.length).toBeGreaterThan(2 * 1024 * 1024);
    const path = join(makeTemporaryFolder(), 'plain.db');
    writeFileSync(path, bytes);
    const plain = new DatabaseSync(path);
    expect(plain.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    expect(plain.prepare('SELECT v FROM pairs').all()).toEqual([{ v: 'y' }]);
    expect(plain.prepare('SELECT count(*) AS n FROM big').all()).toEqual([{ n: 3000 }]);
    plain.close();
  });

  test('is of one moment: what is written meanwhile is not in it', () => {
    fill();
    run('beginExport', { id: 'x', form: 'jsonl', key: randomBytes(32) });
    run('exec', { sql: "INSERT INTO pairs VALUES ('late', 1)" });
    const { piece } = run('readExport', { id: 'x' });
    run('endExport', { id: 'x' });
    expect(Buffer.from(piece).includes('late')).toBe(false);
  });

  test('leaves nothing behind when it ends, nor when the process before was killed in it', () => {
    fill();
    run('beginExport', { id: 'x', form: 'jsonl', key: randomBytes(32) });
    expect(scratch()).not.toEqual([]);
    run('endExport', { id: 'x' });
    expect(scratch()).toEqual([]);
    const left = join(dirname(start.path), 'export.scratch');
    writeFileSync(left, 'left');
    exportAs('sqlcipher');
    expect(existsSync(left)).toBe(false);
  });

  test('runs alone, and ends by its own name alone', () => {
    run('beginExport', { id: 'x', form: 'jsonl', key: randomBytes(32) });
    const again = { id: 'y', form: 'jsonl', key: randomBytes(32) } as const;
    expect(refusalOf(() => run('beginExport', again)).reason).toBe('Busy');
    expect(refusalOf(() => run('readExport', { id: 'y' })).reason).toBe('NotFound');
    run('endExport', { id: 'y' });
    expect(run('readExport', { id: 'x' }).isLast).toBe(true);
  });

  test('names a table that cannot be read, and goes on', () => {
    run('exec', { sql: 'CREATE TABLE fine (x)' });
    run('exec', { sql: 'INSERT INTO fine VALUES (1)' });
    run('exec', { sql: "CREATE VIRTUAL TABLE broken USING fts5 (x, content='gone')" });
    const { bytes, unreadable } = exportAs('jsonl');
    expect(unreadable).toEqual(['broken']);
    expect(bytes.toString()).toContain('{"table":"fine","row":{"x":1}}');
    expect(run('describeContents', {}).tables).toContainEqual({ name: 'fine', rows: 1 });
  });

  test('of a row of many megabytes comes in pieces that fit a message', () => {
    run('exec', { sql: 'CREATE TABLE big (b)' });
    run('exec', { sql: "INSERT INTO big VALUES (printf('%.*c', 4000000, 'x'))" });
    const { bytes } = exportAs('jsonl');
    const digest = createHash('sha256').update('x'.repeat(4_000_000)).digest('hex');
    const last = JSON.parse(bytes.toString().trimEnd().split('\n').at(-1) ?? '') as {
      row: { b: string };
    };
    expect(createHash('sha256').update(last.row.b).digest('hex')).toBe(digest);
  });
});

test('the contents of a store are its tables and collections with their counts', () => {
  fill();
  expect(run('describeContents', {})).toMatchObject({
    schemaVersion: 0,
    tables: [
      { name: 'odd "name', rows: 3 },
      { name: 'pairs', rows: 1 },
    ],
    collections: [{ name: 'docs', records: 2, dimensions: 2 }],
  });
});

describe('a full store', () => {
  const full = (work: () => unknown): RpcError => {
    for (let at = 0; at < 100_000; at += 1) {
      try {
        work();
      } catch (error) {
        if (error instanceof RpcError) return error;
        throw error;
      }
    }
    throw new Error('it never filled');
  };

  beforeEach(() => {
    start = makeStoreStart({ quotaBytes: 1024 * 1024 });
    run = openEngine(start).call;
  });

  test('filled by SQL refuses with its numbers, lets delete, and takes new rows then', () => {
    run('exec', { sql: 'CREATE TABLE notes (id INTEGER PRIMARY KEY, body, UNIQUE (body))' });
    const insert = { sql: 'INSERT INTO notes (body) VALUES (hex(randomblob(300)))' };
    const refusal = full(() => run('exec', insert));
    expect(refusal.reason).toBe('QuotaExceeded');
    expect(refusal.details).toMatchObject({ limitBytes: 1024 * 1024 });
    expect(Number(refusal.details?.['usedBytes'])).toBeGreaterThan(900 * 1024);
    run('exec', { sql: 'DELETE FROM notes WHERE id < 100' });
    run('exec', insert);
  });

  test('filled by records lets delete one by one, and takes new ones then', () => {
    run('createCollection', { collection: 'docs' });
    let next = 0;
    const words = (): string =>
      randomBytes(200)
        .toString('hex')
        .replaceAll(/(.{8})/g, '$1 ');
    const upsert = () =>
      run('upsertRecords', {
        collection: 'docs',
        records: [{ id: `r${(next += 1)}`, text: words(), vectors: [Float32Array.of(1, next)] }],
      });
    expect(full(upsert).reason).toBe('QuotaExceeded');
    const last = next - 1;
    for (let at = 1; at <= last; at += 1) {
      expect(run('deleteRecords', { collection: 'docs', ids: [`r${at}`] })).toEqual({ deleted: 1 });
    }
    upsert();
    run('dropCollection', { collection: 'docs' });
  });

  test('that an update made too small for what it holds is read and emptied all the same', () => {
    start = makeStoreStart({ quotaBytes: 8 * 1024 * 1024 });
    const before = openEngine(start);
    run = before.call;
    run('createCollection', { collection: 'docs' });
    const records = Array.from({ length: 800 }, (_, at) => ({
      id: `r${at}`,
      text: randomBytes(1000)
        .toString('hex')
        .replaceAll(/(.{8})/g, '$1 '),
    }));
    run('upsertRecords', { collection: 'docs', records });
    run('exec', { sql: 'CREATE TABLE t (x)' });
    run('exec', { sql: 'INSERT INTO t VALUES (1)' });
    before.close();
    run = openEngine({ ...start, quotaBytes: 1024 * 1024 }).call;
    const upsert = () =>
      run('upsertRecords', {
        collection: 'docs',
        records: [{ id: 'new', text: 'x'.repeat(20_000) }],
      });
    expect(full(upsert).reason).toBe('QuotaExceeded');
    expect(run('query', { sql: 'SELECT x FROM t', limit: 1 }).rows).toEqual([{ x: 1 }]);
    for (const { id } of records) run('deleteRecords', { collection: 'docs', ids: [id] });
    run('exec', { sql: 'DELETE FROM t' });
    upsert();
  });
});
