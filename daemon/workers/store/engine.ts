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
import { OP_EFFECTS } from './ops/op-effects.ts';
import type { StoreOps, StoreStart } from './ops.ts';

export interface StoreEngine extends LoadedEngine<StoreOps> {
  /** Writes everything into the database file and lets go of it; true when its generation was counted on. */
  readonly close: () => boolean;
}

/** What runs on the open database; made anew whenever another file takes its place. */
type ServedOps = Omit<StoreOps, keyof CopyOps>;

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
  return {
    device: { device: 'CPU', threads: 1, why: 'A database.' },
    engine: serveOpened(store, createCopyOperations({ store, backups, now })),
    close: () => store.close(),
  };
}

/** Every operation: those on copies, and all others on whatever file is open when they are called. */
function serveOpened(
  store: ReopenableStore<Engine<ServedOps>>,
  copying: Engine<CopyOps>,
): Engine<StoreOps> {
  const served = Object.keys(OP_EFFECTS)
    .filter((op) => !(op in copying))
    .map((op) => [
      op,
      (...args: unknown[]) =>
        store.serve((operations) => {
          const operation = operations[op as keyof ServedOps];
          return Reflect.apply(operation, operations, args) as unknown;
        }),
    ]);
  return { ...copying, ...(Object.fromEntries(served) as Engine<ServedOps>) };
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
