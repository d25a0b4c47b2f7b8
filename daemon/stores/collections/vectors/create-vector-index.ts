import type { StoreDatabase } from '../../database/database.ts';
import { toBlob, toFloats } from './vector-blob.ts';
import type { RankedRecord, VectorIndex, VectorSearch } from './vector-index.ts';

/** The vectors of the collection with this number; its tables are made when they are missing. */
export function createVectorIndex(database: StoreDatabase, collectionId: number): VectorIndex {
  const table = `locara_vectors_${collectionId}`;
  database
    .prepare(
      `CREATE TABLE IF NOT EXISTS ${table}
         (key INTEGER PRIMARY KEY, record INTEGER NOT NULL, vector BLOB NOT NULL) STRICT`,
    )
    .run();
  database.prepare(`CREATE INDEX IF NOT EXISTS ${table}_record ON ${table} (record)`).run();
  const remove = (record: number): void => {
    database.prepare(`DELETE FROM ${table} WHERE record = ?`).run([BigInt(record)]);
  };
  return {
    replace: (record, vectors) => {
      remove(record);
      const insert = database.prepare(`INSERT INTO ${table} (record, vector) VALUES (?, ?)`);
      for (const vector of vectors) insert.run([BigInt(record), toBlob(vector)]);
    },
    remove,
    vectorsOf: (record) =>
      [
        ...database
          .prepare(`SELECT vector FROM ${table} WHERE record = ? ORDER BY key`)
          .rows([BigInt(record)]),
      ].map(([vector]) => toFloats(vector as Uint8Array)),
    search: (search) => {
      const { ranked, vectors } = rankExactly(database, table, search);
      const reason = 'The collection is small.';
      return {
        ranked,
        plan: { method: 'exact', reason, vectors, scanned: 0, rescored: vectors },
      };
    },
    reset: () => undefined,
    drop: () => {
      database.prepare(`DROP TABLE ${table}`).run();
    },
  };
}

function rankExactly(
  database: StoreDatabase,
  table: string,
  { vector, k, allowed }: VectorSearch,
): { ranked: readonly RankedRecord[]; vectors: number } {
  const best = new Map<number, number>();
  const permitted = allowed === undefined ? undefined : new Set(allowed);
  let vectors = 0;
  const rows = database
    .prepare(`SELECT record, 1 - vec_distance_cosine(vector, ?) FROM ${table}`)
    .rows([toBlob(vector)]);
  for (const [key, value] of rows) {
    const record = Number(key);
    const score = Number(value);
    vectors += 1;
    // A score that is no number must never reach the wire, whatever lies in the store.
    if (!Number.isFinite(score) || permitted?.has(record) === false) continue;
    best.set(record, Math.max(best.get(record) ?? -Infinity, score));
  }
  const ranked = [...best]
    .map(([record, score]) => ({ record, score }))
    .sort((a, b) => b.score - a.score || a.record - b.record);
  return { ranked: ranked.slice(0, k), vectors };
}
