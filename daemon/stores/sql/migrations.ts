import { createHash } from 'node:crypto';
import { RpcError } from '@locara/protocol/errors';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { StoreDatabase } from '../database/database.ts';
import { guardScript } from './sql-guard.ts';

type Migration = StoreOps['migrate']['params']['migrations'][number];

/** The app's numbered schema changes. Each is recorded with a checksum, and history never changes. */
export interface Migrations {
  /**
   * Applies what is new, all of it in one transaction. The list is the app's whole history: Conflict
   * when it differs from what this store has already seen, or lacks some of it.
   */
  readonly migrate: (params: StoreOps['migrate']['params']) => StoreOps['migrate']['result'];
  /** The newest applied version; 0 before the first. */
  readonly version: () => number;
}

export function createMigrations(database: StoreDatabase): Migrations {
  database
    .prepare(
      `CREATE TABLE IF NOT EXISTS locara_migrations
         (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL) STRICT`,
    )
    .run();
  const readHistory = (): Map<number, string> =>
    new Map(
      [...database.prepare('SELECT version, checksum FROM locara_migrations').rows()].map(
        ([version, checksum]) => [Number(version), String(checksum)],
      ),
    );
  const version = (): number => Math.max(0, ...readHistory().keys());
  return {
    version,
    migrate: ({ migrations, schemaOnly = false }) => {
      assertAscending(migrations);
      const fresh = findFresh(migrations, readHistory());
      const applied = database.transaction(() => applyAll(database, fresh, { schemaOnly }), {
        foreignKeys: false,
      });
      return { version: version(), applied };
    },
  };
}

/** What is not applied yet. Throws Conflict where the list and the history disagree. */
function findFresh(
  migrations: readonly Migration[],
  history: ReadonlyMap<number, string>,
): Migration[] {
  const newest = Math.max(0, ...history.keys());
  const stated = new Map(migrations.map((migration) => [migration.version, migration]));
  for (const [version, checksum] of history) {
    const migration = stated.get(version);
    if (migration === undefined || checksumOf(migration) !== checksum) throw differs(version);
  }
  const fresh = migrations.filter(({ version }) => !history.has(version));
  const late = fresh.find(({ version }) => version < newest);
  if (late !== undefined) throw differs(late.version);
  return fresh;
}

/** `schemaOnly`: the app may shape its tables, and run no other SQL of its own. */
interface MigrationRights {
  readonly schemaOnly: boolean;
}

function applyAll(
  database: StoreDatabase,
  migrations: readonly Migration[],
  rights: MigrationRights,
): number[] {
  const record = database.prepare('INSERT INTO locara_migrations VALUES (?, ?, ?)');
  for (const migration of migrations) {
    try {
      database.asApp(() => {
        applyScript(database, migration.sql, rights);
      });
    } catch (error) {
      throw withVersion(error, migration.version);
    }
    record.run([BigInt(migration.version), migration.name, checksumOf(migration)]);
  }
  return migrations.map(({ version }) => version);
}

function applyScript(database: StoreDatabase, sql: string, { schemaOnly }: MigrationRights): void {
  for (const statement of guardScript(sql)) {
    if (schemaOnly && statement.kind === 'data') {
      throw new RpcError('CapabilityDenied', 'A migration that runs other SQL needs store:sql.', {
        details: { capability: 'store:sql' },
      });
    }
    database.prepare(statement.sql).run();
  }
}

function withVersion(error: unknown, version: number): unknown {
  if (!(error instanceof RpcError)) return error;
  return new RpcError(error.reason, error.message, {
    details: { ...error.details, version },
    retryable: error.retryable,
  });
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

function differs(version: number): RpcError {
  return new RpcError('Conflict', 'This store has another migration history.', {
    details: { version },
  });
}
