import type { StoreDatabase } from '../../database/database.ts';
import type { StoreStatement } from '../../database/statement.ts';
import type { StoredValue } from '../../database/stored-value.ts';
import { toBlob, toFloats } from './vector-blob.ts';

export interface StoredVector {
  readonly key: number;
  readonly record: number;
  readonly vector: Float32Array;
}

export interface DistantVector {
  readonly key: number;
  readonly record: number;
  /** 1 - cosine, as 32-bit floats give it; no number where the stored vector is none. */
  readonly distance: number;
}

export interface DistanceQuery {
  readonly vector: Float32Array;
  /** Only keys greater than this one. */
  readonly after: number;
}

/** The vectors themselves. Keys rise with time, and a record's vectors lie in the order of their keys. */
export interface VectorTable {
  insert(stored: StoredVector): void;
  /** The keys it had. */
  removeRecord(record: number): readonly number[];
  vectorsOf(record: number): readonly Float32Array[];
  countAfter(key: number): number;
  highestKey(): number;
  /** Those that are there, in any order. */
  read(keys: readonly number[]): Generator<StoredVector, void, void>;
  readAfter(key: number, limit: number): Generator<StoredVector, void, void>;
  nearest(query: DistanceQuery, limit: number): readonly DistantVector[];
  /** Of these records alone, where they are given. */
  distances(query: DistanceQuery, records?: Float64Array): Generator<DistantVector, void, void>;
}

export function dropVectorTable(database: StoreDatabase, collectionId: number): void {
  database.prepare(`DROP TABLE IF EXISTS ${tableOf(collectionId)}`).run();
}

/** Makes the table where it is missing, and gives that of an earlier version its column `record`. */
export function openVectorTable(database: StoreDatabase, collectionId: number): VectorTable {
  const table = tableOf(collectionId);
  ensureTable(database, table);
  const prepare = (sql: string): StoreStatement => database.prepare(sql);
  const distanceColumns = 'key, record, vec_distance_cosine(vector, ?) AS distance';
  const ofRecords = 'record IN (SELECT value FROM json_each(?))';
  const statements = {
    insert: prepare(`INSERT INTO ${table} (key, record, vector) VALUES (?, ?, ?)`),
    remove: prepare(`DELETE FROM ${table} WHERE record = ? RETURNING key`),
    ofRecord: prepare(`SELECT vector FROM ${table} WHERE record = ? ORDER BY key`),
    count: prepare(`SELECT count(*) FROM ${table}`),
    countAfter: prepare(`SELECT count(*) FROM ${table} WHERE key > ?`),
    highest: prepare(`SELECT max(key) FROM ${table}`),
    read: prepare(
      `SELECT key, record, vector FROM ${table} WHERE key IN (SELECT value FROM json_each(?))`,
    ),
    readAfter: prepare(
      `SELECT key, record, vector FROM ${table} WHERE key > ? ORDER BY key LIMIT ?`,
    ),
    nearest: prepare(
      `SELECT ${distanceColumns} FROM ${table} WHERE key > ? ORDER BY distance NULLS LAST LIMIT ?`,
    ),
    distances: prepare(`SELECT ${distanceColumns} FROM ${table} WHERE key > ?`),
    distancesOf: prepare(`SELECT ${distanceColumns} FROM ${table} WHERE key > ? AND ${ofRecords}`),
  };
  return {
    insert: ({ key, record, vector }) => {
      statements.insert.run([BigInt(key), BigInt(record), toBlob(vector)]);
    },
    removeRecord: (record) =>
      [...statements.remove.rows([BigInt(record)])].map(([key]) => Number(key)),
    vectorsOf: (record) =>
      [...statements.ofRecord.rows([BigInt(record)])].map(([vector]) =>
        toFloats(vector as Uint8Array),
      ),
    // Without a condition SQLite counts in the index of records, which is far smaller.
    countAfter: (key) =>
      readNumber(key === 0 ? statements.count.rows() : statements.countAfter.rows([BigInt(key)])),
    highestKey: () => readNumber(statements.highest.rows()),
    read: (keys) => toStored(statements.read.rows([JSON.stringify(keys)])),
    readAfter: (key, limit) => toStored(statements.readAfter.rows([BigInt(key), BigInt(limit)])),
    nearest: ({ vector, after }, limit) => [
      ...toDistant(statements.nearest.rows([toBlob(vector), BigInt(after), BigInt(limit)])),
    ],
    distances: ({ vector, after }, records) => {
      const params = [toBlob(vector), BigInt(after)];
      if (records === undefined) return toDistant(statements.distances.rows(params));
      return toDistant(
        statements.distancesOf.rows([...params, JSON.stringify(Array.from(records))]),
      );
    },
  };
}

function tableOf(collectionId: number): string {
  return `locara_vectors_${collectionId}`;
}

/** A record whose number is not known yet: an earlier version's key was the record. */
const UNKNOWN = -1;

/** Each step stands alone, so that none is lost when the process ends between two of them. */
function ensureTable(database: StoreDatabase, table: string): void {
  database
    .prepare(
      `CREATE TABLE IF NOT EXISTS ${table}
         (key INTEGER PRIMARY KEY, record INTEGER NOT NULL, vector BLOB NOT NULL) STRICT`,
    )
    .run();
  const columns = database.prepare(`SELECT * FROM ${table} LIMIT 0`).columns;
  if (!columns.includes('record')) {
    database
      .prepare(`ALTER TABLE ${table} ADD COLUMN record INTEGER NOT NULL DEFAULT ${UNKNOWN}`)
      .run();
  }
  database.prepare(`CREATE INDEX IF NOT EXISTS ${table}_record ON ${table} (record)`).run();
  const unknown = database.prepare(`SELECT 1 FROM ${table} WHERE record = ${UNKNOWN} LIMIT 1`);
  if ([...unknown.rows()].length > 0) {
    database.prepare(`UPDATE ${table} SET record = key WHERE record = ${UNKNOWN}`).run();
  }
}

type Rows = Iterable<readonly StoredValue[]>;

function readNumber(rows: Rows): number {
  const [row] = [...rows];
  return Number(row?.[0] ?? 0);
}

function* toStored(rows: Rows): Generator<StoredVector, void, void> {
  for (const [key, record, vector] of rows) {
    yield { key: Number(key), record: Number(record), vector: toFloats(vector as Uint8Array) };
  }
}

function* toDistant(rows: Rows): Generator<DistantVector, void, void> {
  for (const [key, record, distance] of rows) {
    yield { key: Number(key), record: Number(record), distance: Number(distance ?? NaN) };
  }
}
