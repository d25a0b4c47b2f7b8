import { createHash } from 'node:crypto';
import { RpcError } from '@locara/protocol/errors';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { StoreDatabase } from '../database/database.ts';
import { addDetails } from '../database/store-errors.ts';
import { guardScript, type GuardedStatement } from './sql-guard.ts';

type Migration = StoreOps['migrate']['params']['migrations'][number];

/** A copy of the store as it is, before its schema changes. */
export interface SafetyCopy {
  readonly id: string;
  /** It is not needed: nothing was changed. */
  readonly drop: () => void;
}

/** The app's numbered schema changes. Each is recorded with a checksum, and history never changes. */
export interface Migrations {
  /**
   * Applies what is new, all of it in one transaction, after a copy of a store that holds anything. The list
   * is the app's whole history: Conflict, naming the version and what differs, when it is not what this store
   * has already seen, or lacks some of it.
   */
  readonly migrate: (params: StoreOps['migrate']['params']) => StoreOps['migrate']['result'];
  /** The newest applied version; 0 before the first. */
  readonly version: () => number;
}

/** `copy` is asked for the safety copy; undefined where there is nothing to keep. */
export function createMigrations(
  database: StoreDatabase,
  copy: () => SafetyCopy | undefined,
): Migrations {
  database
    .prepare(
      `CREATE TABLE IF NOT EXISTS locara_migrations
         (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT`,
    )
    .run();
  const version = (): number => Math.max(0, ...readHistory(database).keys());
  return {
    version,
    migrate: ({ migrations, schemaOnly = false }) => {
      assertAscending(migrations);
      const fresh = findFresh(migrations, readHistory(database)).map((migration) =>
        guardMigration(migration, { schemaOnly }),
      );
      if (fresh.length === 0) return { version: version(), applied: [] };
      const kept = copy();
      try {
        const applied = database.transaction(() => applyAll(database, fresh), {
          foreignKeys: false,
        });
        return {
          version: version(),
          applied,
          ...(kept === undefined ? {} : { backup: kept.id }),
        };
      } catch (error) {
        kept?.drop();
        throw error;
      }
    },
  };
}

/** What a store remembers of an applied migration. */
interface Applied {
  readonly name: string;
  readonly checksum: string;
}

function readHistory(database: StoreDatabase): Map<number, Applied> {
  const rows = database.prepare('SELECT version, name, checksum FROM locara_migrations').rows();
  return new Map(
    [...rows].map(([version, name, checksum]) => [
      Number(version),
      { name: String(name), checksum: String(checksum) },
    ]),
  );
}

/** What is not applied yet. Throws Conflict where the list and the history disagree. */
function findFresh(
  migrations: readonly Migration[],
  history: ReadonlyMap<number, Applied>,
): Migration[] {
  const newest = Math.max(0, ...history.keys());
  const stated = new Map(migrations.map((migration) => [migration.version, migration]));
  for (const [version, applied] of history) {
    const difference = findDifference(stated.get(version), applied);
    if (difference !== undefined) throw differs(version, difference);
  }
  const fresh = migrations.filter(({ version }) => !history.has(version));
  const late = fresh.find(({ version }) => version < newest);
  if (late !== undefined) throw differs(late.version, 'order');
  return fresh;
}

function findDifference(stated: Migration | undefined, applied: Applied): Difference | undefined {
  if (stated === undefined) return 'missing';
  if (stated.name !== applied.name) return 'name';
  return checksumOf(stated) === applied.checksum ? undefined : 'sql';
}

/** `schemaOnly`: the app may shape its tables, and run no other SQL of its own. */
interface MigrationRights {
  readonly schemaOnly: boolean;
}

interface GuardedMigration {
  readonly migration: Migration;
  readonly statements: readonly GuardedStatement[];
}

/** Refuses before anything is copied or changed. */
function guardMigration(migration: Migration, { schemaOnly }: MigrationRights): GuardedMigration {
  return naming(migration, () => {
    const statements = guardScript(migration.sql);
    if (!schemaOnly || statements.every(isSchemaAlone)) {
      return { migration, statements };
    }
    throw new RpcError('CapabilityDenied', 'A migration that runs other SQL needs store:sql.', {
      details: { capability: 'store:sql' },
    });
  });
}

function isSchemaAlone({ kind, fillsTable }: GuardedStatement): boolean {
  return kind === 'schema' && !fillsTable;
}

function applyAll(database: StoreDatabase, migrations: readonly GuardedMigration[]): number[] {
  const record = database.prepare('INSERT INTO locara_migrations VALUES (?, ?, ?)');
  return migrations.map(({ migration, statements }) => {
    naming(migration, () => {
      database.asApp(() => {
        for (const { sql } of statements) database.prepare(sql).run();
      });
    });
    record.run([BigInt(migration.version), migration.name, checksumOf(migration)]);
    return migration.version;
  });
}

/** What it throws says which migration it was. */
function naming<T>({ version }: Migration, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    throw addDetails(error, { version });
  }
}

function assertAscending(migrations: readonly Migration[]): void {
  const isAscending = migrations.every(
    ({ version }, index) => index === 0 || version > (migrations[index - 1]?.version ?? 0),
  );
  if (isAscending) return;
  throw new RpcError('InvalidParams', 'Migrations must be listed by ascending version.', {
    details: { rule: 'migration_order' },
  });
}

function checksumOf({ name, sql }: Migration): string {
  return createHash('sha256')
    .update(JSON.stringify([name, sql]))
    .digest('hex');
}

/** How a list of migrations disagrees with what was applied. */
type Difference = keyof typeof DIFFERENCES;

const DIFFERENCES = {
  missing: 'was applied here and is not in the list: this is an older version of the app',
  name: 'was applied here under another name',
  sql: 'was applied here with other SQL',
  order: 'is new, and comes before one that was applied here',
} as const;

function differs(version: number, difference: Difference): RpcError {
  return new RpcError('Conflict', `Migration ${version} ${DIFFERENCES[difference]}.`, {
    details: { version, differs: difference },
  });
}
