import { RpcError } from '@locara/protocol/errors';
import { createCollections } from '../../stores/collections/collections.ts';
import { openStore, type OpenedStore } from '../../stores/database/opening.ts';
import { createMigrations } from '../../stores/sql/migrations.ts';
import { createSql } from '../../stores/sql/sql.ts';
import { describeStore } from '../../stores/sql/store-description.ts';
import type { Engine, LoadedEngine } from '../engine.ts';
import type { SealReport } from '../seal/settings.ts';
import type { StoreOps, StoreStart } from './ops.ts';

export interface StoreEngine extends LoadedEngine<StoreOps> {
  /** Writes everything into the database file and lets go of it; true when its generation was counted on. */
  readonly close: () => boolean;
}

/** Opens one app's database; throws RpcError Unavailable when the key does not fit. */
export function createStoreEngine(start: StoreStart, seal?: SealReport): StoreEngine {
  const store = openStore(start);
  return {
    device: { device: 'CPU', threads: 1, why: 'A database.' },
    engine: createStoreOperations(store, seal),
    close: store.close,
  };
}

export function createStoreOperations(
  { database, opening }: OpenedStore,
  { areFilesConfined }: SealReport = { areFilesConfined: false },
): Engine<StoreOps> {
  const sql = createSql(database);
  const migrations = createMigrations(database);
  const collections = createCollections(database);
  return {
    exec: sql.exec,
    query: sql.query,
    batch: sql.batch,
    migrate: migrations.migrate,
    describeWalls: () => ({ areFilesConfined, areStatementsGuarded: database.isGuarded }),
    describeOpening: () => opening,
    // Of the copies; until they are there, a rotation waits beside the key in force.
    rotateKey: () => {
      throw new RpcError('Unavailable', 'Data keys cannot be rotated yet.');
    },
    describeStore: () => describeStore(database, migrations.version()),
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
