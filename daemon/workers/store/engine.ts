import { createCollections } from '../../stores/collections/collections.ts';
import { openStore, type OpenedStore } from '../../stores/database/opening.ts';
import { describeContents } from '../../stores/exports/contents.ts';
import { createExports } from '../../stores/exports/exports.ts';
import { createMigrations } from '../../stores/sql/migrations.ts';
import { createSql } from '../../stores/sql/sql.ts';
import { describeStore } from '../../stores/sql/store-description.ts';
import type { Engine, LoadedEngine } from '../engine.ts';
import type { StoreOps, StoreStart } from './ops.ts';

export interface StoreEngine extends LoadedEngine<StoreOps> {
  /** Writes everything into the database file and lets go of it. */
  readonly close: () => void;
}

/** Opens one app's database; throws RpcError Unavailable when the key does not fit. */
export function createStoreEngine(start: StoreStart): StoreEngine {
  const store = openStore(start);
  return {
    device: { device: 'CPU', threads: 1, why: 'A database.' },
    engine: createStoreOperations(store),
    close: store.database.close,
  };
}

export function createStoreOperations({ database, opening }: OpenedStore): Engine<StoreOps> {
  const sql = createSql(database);
  const migrations = createMigrations(database);
  const collections = createCollections(database);
  const exports = createExports(database);
  return {
    exec: sql.exec,
    query: sql.query,
    batch: sql.batch,
    migrate: migrations.migrate,
    describeOpening: () => opening,
    describeStore: () => describeStore(database, migrations.version()),
    describeUse: () => database.usage(),
    describeContents: () => describeContents(database, migrations.version()),
    beginExport: exports.begin,
    readExport: exports.read,
    endExport: exports.end,
    createCollection: collections.create,
    listCollections: collections.list,
    describeCollection: collections.describe,
    dropCollection: collections.drop,
    upsertRecords: collections.upsert,
    getRecords: collections.get,
    deleteRecords: collections.remove,
    searchRecords: collections.search,
  };
}
