import { RpcError } from '@locara/protocol/errors';
import type { StoreDatabase } from '../database/database.ts';
import { createCollectionTables, recordsTable, textsTable } from './collection-tables.ts';
import { rebuildWords } from './words/create-word-index.ts';

/** Each brings the daemon's own tables one version on; the first makes them. Never changed once released. */
const UPGRADES: readonly ((database: StoreDatabase) => void)[] = [createFirstLayout, separateTexts];

/**
 * The daemon's own tables as this version has them, made or brought up to date: all of it or nothing. Throws
 * Unavailable for those of a later version.
 */
export function openCollectionSchema(database: StoreDatabase): void {
  const version = readVersion(database);
  if (version === UPGRADES.length) return;
  if (version > UPGRADES.length) throw tooNew();
  database.transaction(() => {
    for (const upgrade of UPGRADES.slice(version)) upgrade(database);
    database
      .prepare("INSERT OR REPLACE INTO locara_state VALUES ('collections', ?)")
      .run([BigInt(UPGRADES.length)]);
  });
}

function readVersion(database: StoreDatabase): number {
  database
    .prepare(
      'CREATE TABLE IF NOT EXISTS locara_state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT',
    )
    .run();
  const [row] = database
    .prepare("SELECT value FROM locara_state WHERE name = 'collections'")
    .rows();
  if (row !== undefined) return Number(row[0]);
  // The first layout did not say which it was.
  return hasTable(database, 'locara_collections') ? 1 : 0;
}

function hasTable(database: StoreDatabase, name: string): boolean {
  const [row] = database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').rows([name]);
  return row !== undefined;
}

function createFirstLayout(database: StoreDatabase): void {
  database
    .prepare(
      `CREATE TABLE locara_collections
         (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dimensions INTEGER, model TEXT) STRICT`,
    )
    .run();
}

/** Tokenizers, partitions and counts for each collection; metadata as JSONB, texts and their words apart. */
function separateTexts(database: StoreDatabase): void {
  const collections = [
    ...database.prepare('SELECT id, name, dimensions, model FROM locara_collections').rows(),
  ];
  database.prepare('DROP TABLE locara_collections').run();
  database
    .prepare(
      `CREATE TABLE locara_collections
         (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dimensions INTEGER, model TEXT,
          tokenizer TEXT NOT NULL, partition_by TEXT, vectors_number INTEGER NOT NULL,
          records INTEGER NOT NULL DEFAULT 0, vectors INTEGER NOT NULL DEFAULT 0,
          supplied INTEGER NOT NULL DEFAULT 0,
          pending_model TEXT, pending_dimensions INTEGER, pending_after INTEGER) STRICT`,
    )
    .run();
  for (const [id, name, dimensions, model] of collections) {
    moveRecords(database, Number(id), model !== null);
    database
      .prepare(
        `INSERT INTO locara_collections
           (id, name, dimensions, model, tokenizer, vectors_number, records, vectors, supplied)
         SELECT ?, ?, ?, ?, 'unicode61', ?, count(*), total(vectors), total(is_supplied)
         FROM ${recordsTable({ id: Number(id) })}`,
      )
      .run([id ?? null, name ?? null, dimensions ?? null, model ?? null, id ?? null]);
  }
}

/** The first layout did not note whose a vector was: with a model and a text, the daemon's. */
function moveRecords(database: StoreDatabase, id: number, hasModel: boolean): void {
  const records = recordsTable({ id });
  const texts = textsTable({ id });
  const old = `${records}_old`;
  const vectors = `locara_vectors_${id}`;
  const hasVector = hasTable(database, vectors)
    ? `EXISTS (SELECT 1 FROM ${vectors} v WHERE v.key = o.key)`
    : '0';
  const isSupplied = hasModel ? 'o.text IS NULL' : '1';
  database.prepare(`ALTER TABLE ${records} RENAME TO ${old}`).run();
  createCollectionTables(database, { id, partitionBy: undefined });
  for (const sql of [
    `INSERT INTO ${records}
       SELECT key, id, jsonb(metadata), NULL, ${hasVector}, ${hasVector} AND ${isSupplied} FROM ${old} o`,
    `INSERT INTO ${texts} SELECT key, text FROM ${old} WHERE text IS NOT NULL`,
    `DROP TABLE ${old}`,
  ]) {
    database.prepare(sql).run();
  }
  rebuildWords(database, { id, tokenizer: 'unicode61' });
}

function tooNew(): RpcError {
  return new RpcError('Unavailable', 'A later version made this store: update locara.', {
    details: { rule: 'store_too_new' },
  });
}
