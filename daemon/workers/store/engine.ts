import { createCollections } from '../../stores/collections/collections.ts';
import { createBackups, type Backups } from '../../stores/copies/backups.ts';
import { copyBeforeMigration, createCopyOperations } from '../../stores/copies/copy-operations.ts';
import { type OpenedWithKey, ReopenableStore } from '../../stores/copies/reopenable-store.ts';
import { describeContents } from '../../stores/exports/contents.ts';
import { createExports } from '../../stores/exports/exports.ts';
import { createMigrations } from '../../stores/sql/migrations.ts';
import { createSql } from '../../stores/sql/sql.ts';
import { describeStore } from '../../stores/sql/store-description.ts';
import type { Engine, LoadedEngine } from '../engine.ts';
import type { SealReport } from '../seal/settings.ts';
import type { CopyOps } from './ops/copy-ops.ts';
import type { StoreOps, StoreStart } from './ops.ts';

export interface StoreEngine extends LoadedEngine<StoreOps> {
  /** Writes everything into the database file and lets go of it; true when its generation was counted on. */
  readonly close: () => boolean;
}

type ServedOps = Omit<StoreOps, keyof CopyOps>;

/** What runs on the open database; made anew whenever another file takes its place. */
const SERVED: Readonly<Record<keyof ServedOps, true>> = {
  exec: true,
  query: true,
  batch: true,
  migrate: true,
  describeOpening: true,
  describeWalls: true,
  describeStore: true,
  createCollection: true,
  listCollections: true,
  describeCollection: true,
  dropCollection: true,
  upsertRecords: true,
  getRecords: true,
  deleteRecords: true,
  searchRecords: true,
  explainSearch: true,
  exportRecords: true,
  readTexts: true,
  countTexts: true,
  writeVectors: true,
  finishReembedding: true,
  describeUse: true,
  describeContents: true,
  beginExport: true,
  readExport: true,
  endExport: true,
};

/**
 * Opens one app's database. One that is damaged, lost or rolled back answers every call with Unavailable but
 * those that copy, check and restore it; throws an RpcError where it cannot be opened now for another reason.
 */
export function createStoreEngine(
  start: StoreStart,
  seal: SealReport = { areFilesConfined: false },
): StoreEngine {
  const now = (): Date => new Date();
  const backups = createBackups({ ...start, now });
  const store = new ReopenableStore(start, (opened) => ({
    ...createServedOperations(opened, backups),
    describeWalls: () => ({ ...seal, areStatementsGuarded: opened.database.isGuarded }),
  }));
  const served = Object.keys(SERVED).map((op) => [
    op,
    (...args: unknown[]) =>
      store.serve((operations) => {
        const operation = operations[op as keyof ServedOps];
        return Reflect.apply(operation, operations, args) as unknown;
      }),
  ]);
  return {
    device: { device: 'CPU', threads: 1, why: 'A database.' },
    engine: {
      ...createCopyOperations({ store, backups, now }),
      ...(Object.fromEntries(served) as Engine<ServedOps>),
    },
    close: () => store.close(),
  };
}

function createServedOperations(
  opened: OpenedWithKey,
  backups: Backups,
): Omit<Engine<ServedOps>, 'describeWalls'> {
  const { database, opening } = opened;
  const sql = createSql(database);
  const exports = createExports(opened);
  const migrations = createMigrations(database, () => copyBeforeMigration(opened, backups));
  return {
    exec: sql.exec,
    query: sql.query,
    batch: sql.batch,
    migrate: (params) => {
      const migrated = migrations.migrate(params);
      if (migrated.backup !== undefined) backups.prune(true);
      return migrated;
    },
    describeOpening: () => opening,
    describeStore: () => ({
      ...describeStore(database, migrations.version()),
      ...backups.footprint(),
    }),
    ...createCollections(database),
    describeUse: () => database.usage(),
    describeContents: () => describeContents(database, migrations.version()),
    beginExport: exports.begin,
    readExport: exports.read,
    endExport: exports.end,
  };
}
