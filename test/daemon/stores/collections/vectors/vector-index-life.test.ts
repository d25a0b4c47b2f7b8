import { expect, onTestFinished, test } from 'vitest';
import { createCodeMemory } from '../../../../../daemon/stores/collections/vectors/code-memory.ts';
import {
  createVectorIndex,
  type VectorIndexOptions,
} from '../../../../../daemon/stores/collections/vectors/create-vector-index.ts';
import type { VectorIndex } from '../../../../../daemon/stores/collections/vectors/vector-index.ts';
import {
  openStoreDatabase,
  type StoreDatabase,
} from '../../../../../daemon/stores/database/database.ts';
import { countRows } from '../../../../../daemon/stores/database/tables.ts';
import {
  rankByComparing,
  recallOf,
  type RecordVectors,
} from '../../../../support/exact-ranking.ts';
import {
  makeOpenOptions,
  openTemporaryStore,
  refusalOf,
} from '../../../../support/temporary-store.ts';
import { createRandom } from '../../../../support/random.ts';
import { drawVector } from '../../../../support/vector-sets.ts';
import { readWordVectors } from '../../../../support/word-vectors.ts';

const DIMENSIONS = 24;
const BY_CODES: VectorIndexOptions = { limits: { exactUs: 0, segmentVectors: 64 } };
const BY_FLOATS: VectorIndexOptions = { limits: { exactUs: Infinity, segmentVectors: 64 } };

function drawRecords(count: number, dimensions = DIMENSIONS): Map<number, Float32Array[]> {
  const random = createRandom(count);
  return new Map(
    Array.from({ length: count }, (_, at) => [at + 1, [drawVector(random, dimensions)]]),
  );
}

function put(database: StoreDatabase, index: VectorIndex, records: RecordVectors): void {
  database.transaction(() => {
    for (const [record, vectors] of records) index.replace(record, vectors);
  });
}

/** The mean share of the nearest ten that is found, over a few queries. */
function measureRecall(
  index: VectorIndex,
  records: RecordVectors,
  queries: readonly Float32Array[],
  allowed?: Float64Array,
): number {
  const recalls = queries.map((vector) => {
    const search = { vector, k: 10, allowed };
    return recallOf(index.search(search).ranked, rankByComparing(records, search));
  });
  return recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
}

const queries = Array.from(drawRecords(20).values()).flat();

test('words nobody put in find the words nearest to them', () => {
  const words = readWordVectors();
  const records = new Map(words.map((vector, at) => [at + 1, [vector]]));
  const database = openTemporaryStore();
  const index = createVectorIndex(database, 1);
  put(database, index, records);
  const phrases = Array.from({ length: 40 }, (_, at) =>
    Float32Array.from(words[at * 97] ?? [], (value, d) => value + (words[at * 311]?.[d] ?? 0)),
  );
  expect(index.search({ vector: phrases[0] ?? new Float32Array(96), k: 10 }).plan.method).toBe(
    'quantized',
  );
  expect(measureRecall(index, records, phrases)).toBeGreaterThanOrEqual(0.99);
});

test('a collection of an earlier version is searched at once, and gets its codes little by little', () => {
  const database = openTemporaryStore();
  const records = drawRecords(1000);
  put(database, createVectorIndex(database, 1, BY_FLOATS), records);
  const index = createVectorIndex(database, 1, BY_CODES);
  const scanned = Array.from({ length: 5 }, () => {
    expect(measureRecall(index, records, queries.slice(0, 1))).toBe(1);
    return countRows(database, 'locara_codes_1') * 64;
  });
  expect(scanned).toEqual([256, 512, 768, 960, 960]);
});

test('one batch that makes a collection large makes a part of its codes alone', () => {
  const database = openTemporaryStore();
  put(database, createVectorIndex(database, 1, BY_FLOATS), drawRecords(2000));
  const index = createVectorIndex(database, 1, BY_CODES);
  put(database, index, drawRecords(64));
  expect(countRows(database, 'locara_codes_1')).toBe(1);
});

test.each([
  ['none of it', 'SELECT 1'],
  ['half of it', 'ALTER TABLE locara_vectors_1 ADD COLUMN record INTEGER NOT NULL DEFAULT -1'],
])('the table of the first version, converted before: %s', (_, before) => {
  const database = openTemporaryStore();
  database
    .prepare('CREATE TABLE locara_vectors_1 (key INTEGER PRIMARY KEY, vector BLOB NOT NULL) STRICT')
    .run();
  for (const [record, values] of [
    [7, [1, 0]],
    [9, [0, 1]],
  ] as const) {
    const vector = Buffer.from(Float32Array.from(values).buffer);
    database.prepare('INSERT INTO locara_vectors_1 VALUES (?, ?)').run([BigInt(record), vector]);
  }
  database.prepare(before).run();
  const index = createVectorIndex(database, 1);
  index.replace(3, [Float32Array.of(1, 1)]);
  expect(index.search({ vector: Float32Array.of(1, 0.1), k: 3 }).ranked).toMatchObject([
    { record: 7 },
    { record: 3 },
    { record: 9 },
  ]);
  expect(index.vectorsOf(9)).toEqual([Float32Array.of(0, 1)]);
});

test('codes lie in the file: a reopened store searches by them', () => {
  const place = makeOpenOptions();
  const records = drawRecords(1000);
  const first = openStoreDatabase(place);
  put(first, createVectorIndex(first, 1, BY_CODES), records);
  first.close();
  const database = openStoreDatabase(place);
  onTestFinished(() => {
    database.close();
  });
  const index = createVectorIndex(database, 1, BY_CODES);
  expect(index.search({ vector: queries[0] ?? new Float32Array(), k: 10 }).plan.scanned).toBe(960);
  expect(measureRecall(index, records, queries)).toBeGreaterThanOrEqual(0.99);
});

test('what is written and removed again and again leaves no heap of dead codes', () => {
  const database = openTemporaryStore();
  const index = createVectorIndex(database, 1, BY_CODES);
  const records = drawRecords(640);
  put(database, index, records);
  for (let round = 0; round < 12; round += 1) {
    if (round % 4 === 0) index.search({ vector: queries[0] ?? new Float32Array(), k: 1 });
    put(database, index, new Map([...records].filter(([record]) => record % 3 !== round % 3)));
  }
  expect(countRows(database, 'locara_codes_gone_1')).toBeLessThan(1280);
  expect(countRows(database, 'locara_codes_1')).toBeLessThan(30);
  expect(measureRecall(index, records, queries)).toBeGreaterThanOrEqual(0.99);
  database.transaction(() => {
    for (const record of records.keys()) index.remove(record);
  });
  expect(index.search({ vector: queries[0] ?? new Float32Array(), k: 5 }).ranked).toEqual([]);
});

test('what was removed is not compared any more', () => {
  const database = openTemporaryStore();
  const index = createVectorIndex(database, 1, BY_CODES);
  put(database, index, drawRecords(640));
  const [vector = new Float32Array()] = queries;
  expect(index.search({ vector, k: 10 }).plan.scanned).toBe(640);
  for (const record of [1, 2, 3, 500]) index.remove(record);
  expect(index.search({ vector, k: 10 }).plan.scanned).toBe(636);
  index.reset();
  expect(index.search({ vector, k: 10 }).plan.scanned).toBe(636);
});

test('the code of a removed vector is not taken for that of a later one', () => {
  const place = makeOpenOptions();
  const first = openStoreDatabase(place);
  const index = createVectorIndex(first, 1, BY_CODES);
  put(first, index, drawRecords(640));
  const [vector = new Float32Array()] = queries;
  expect(index.search({ vector, k: 1 }).plan.scanned).toBe(640);
  index.remove(640);
  first.close();
  const database = openStoreDatabase(place);
  onTestFinished(() => {
    database.close();
  });
  const reopened = createVectorIndex(database, 1, BY_CODES);
  reopened.replace(1000, [vector]);
  expect(reopened.search({ vector, k: 1 }).ranked).toMatchObject([{ record: 1000 }]);
});

test('a filter that lets many through finds all of them it should, and no other', () => {
  const database = openTemporaryStore();
  const index = createVectorIndex(database, 1, BY_CODES);
  const records = drawRecords(2000);
  put(database, index, records);
  const allowed = Float64Array.from([...records.keys()].filter((record) => record % 5 === 0));
  const [vector = new Float32Array()] = queries;
  const { ranked, plan } = index.search({ vector, k: 500, allowed });
  expect(plan).toMatchObject({ method: 'quantized', scanned: 396 });
  expect(ranked.map(({ record }) => record).sort((a, b) => a - b)).toEqual([...allowed]);
  expect(measureRecall(index, records, queries, allowed)).toBeGreaterThanOrEqual(0.99);
});

test.each([
  ['few', [5, 10], 'The filter leaves few records.'],
  ['none', [], 'The filter leaves few records.'],
] as const)('a filter that leaves %s is searched exactly', (_, allowed, reason) => {
  const database = openTemporaryStore();
  const index = createVectorIndex(database, 1, BY_CODES);
  put(database, index, drawRecords(200));
  const [vector = new Float32Array()] = queries;
  const { ranked, plan } = index.search({ vector, k: 3, allowed: Float64Array.from(allowed) });
  expect(plan).toMatchObject({ method: 'exact', reason, rescored: allowed.length });
  expect(ranked.map(({ record }) => record).sort((a, b) => a - b)).toEqual([...allowed]);
});

test('a search that asks for it compares everything', () => {
  const database = openTemporaryStore();
  const index = createVectorIndex(database, 1, BY_CODES);
  const records = drawRecords(500);
  put(database, index, records);
  for (const vector of queries) {
    const { ranked, plan } = index.search({ vector, k: 20, isExact: true });
    expect(plan).toEqual({
      method: 'exact',
      reason: 'The search asked for it.',
      vectors: 500,
      scanned: 0,
      rescored: 500,
    });
    expect(ranked).toEqual(
      rankByComparing(records, { vector, k: 20 }).map(({ record, score }) => ({
        record,
        score: expect.closeTo(score, 12) as number,
      })),
    );
  }
});

test.each([
  ['by their floats', BY_FLOATS],
  ['by codes', BY_CODES],
])('equals come in the order of their records, however long they are: %s', (_, options) => {
  const database = openTemporaryStore();
  const index = createVectorIndex(database, 1, options);
  const direction = drawVector(createRandom(3), DIMENSIONS);
  const lengths = [1e-14, 1e-7, 1, 1e7, 1e14];
  const records = new Map(
    Array.from({ length: 500 }, (__, at) => {
      const scale = lengths[at % lengths.length] ?? 1;
      return [500 - at, [direction.map((value) => value * scale)]];
    }),
  );
  put(database, index, records);
  const { ranked } = index.search({ vector: direction, k: 400 });
  expect(ranked).toHaveLength(400);
  expect(ranked.every(({ score }) => Math.abs(score - 1) < 1e-6 && score <= 1)).toBe(true);
  const same = new Map([...records].map(([record]) => [record, [direction]]));
  put(database, index, same);
  expect(index.search({ vector: direction, k: 7 }).ranked.map(({ record }) => record)).toEqual([
    1, 2, 3, 4, 5, 6, 7,
  ]);
});

test('a record is found by its best vector, once', () => {
  const database = openTemporaryStore();
  const index = createVectorIndex(database, 1, BY_CODES);
  const random = createRandom(5);
  const records = new Map(
    Array.from({ length: 100 }, (_, at) => [
      at + 1,
      Array.from({ length: 1 + (at % 7) }, () => drawVector(random, DIMENSIONS)),
    ]),
  );
  put(database, index, records);
  expect(measureRecall(index, records, queries)).toBeGreaterThanOrEqual(0.99);
  const { ranked } = index.search({ vector: drawVector(random, DIMENSIONS), k: 1000 });
  expect(new Set(ranked.map(({ record }) => record)).size).toBe(100);
});

test('a store without room for codes is searched all the same', () => {
  const database = openTemporaryStore({ quotaBytes: 400 * 1024 });
  put(database, createVectorIndex(database, 1, BY_FLOATS), drawRecords(600));
  const filler = database.prepare('CREATE TABLE filler (bytes BLOB)');
  filler.run();
  expect(
    refusalOf(() => {
      for (;;) database.prepare('INSERT INTO filler VALUES (zeroblob(3000))').run();
    }).reason,
  ).toBe('QuotaExceeded');
  const index = createVectorIndex(database, 1, { limits: { exactUs: 0, segmentVectors: 512 } });
  const [vector = new Float32Array()] = queries;
  const { ranked, plan } = index.search({ vector, k: 10 });
  expect(plan.reason).toBe('Its codes are not made yet.');
  expect(ranked).toHaveLength(10);
});

test('collections that share a small memory push each other out, and lose nothing', () => {
  const database = openTemporaryStore();
  const memory = createCodeMemory(80_000);
  const records = drawRecords(1000);
  const indexes = [1, 2].map((id) => {
    const index = createVectorIndex(database, id, { ...BY_CODES, memory });
    put(database, index, records);
    return index;
  });
  for (const index of [...indexes, ...indexes]) {
    expect(measureRecall(index, records, queries.slice(0, 5))).toBeGreaterThanOrEqual(0.98);
  }
});

test('a dropped index leaves no table', () => {
  const database = openTemporaryStore();
  const index = createVectorIndex(database, 1, BY_CODES);
  put(database, index, drawRecords(200));
  index.drop();
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'locara%'");
  expect([...tables.rows()]).toEqual([]);
});
