import * as z from 'zod';
import {
  acceptsBatch,
  acceptsBatchResult,
  acceptsRows,
  MAX_SQL_LENGTH,
  MAX_STATEMENTS,
} from '../accept-sql.ts';
import { defineMethod } from '../method.ts';
import { SqlParams, SqlValue, Unicode } from '../values.ts';

const Sql = Unicode.min(1).max(MAX_SQL_LENGTH).describe('One statement.');
const Statement = z.strictObject({ sql: Sql, params: SqlParams.optional() });
const Executed = z.object({
  changes: z.int(),
  lastInsertRowid: z.union([z.int(), z.object({ int64: z.string() })]),
});
const sqlErrors = [
  'Conflict',
  'Timeout',
  'QuotaExceeded',
  'PayloadTooLarge',
  'InsufficientResources',
  'Busy',
  'WorkerCrashed',
  'Unavailable',
] as const;

const copyErrors = [
  'Timeout',
  'InsufficientResources',
  'Busy',
  'WorkerCrashed',
  'Unavailable',
] as const;

export const BackupId = z.string().max(64).describe('As `db.backups` names it.');

/** One copy of a store. */
export const Backup = z
  .object({
    id: BackupId,
    createdAt: z.iso.datetime(),
    bytes: z.int(),
    schemaVersion: z.int(),
    reason: z
      .enum(['asked', 'daily', 'migration', 'restore'])
      .describe('`restore`: of what was there before another copy was put back.'),
  })
  .meta({ id: 'Backup' });

export const dbMethods = {
  'db.exec': defineMethod({
    summary: 'Run one statement that changes rows.',
    requires: ['store:sql', 'store:write'],
    params: Statement,
    result: Executed,
    errors: sqlErrors,
  }),
  'db.query': defineMethod({
    summary:
      'Run one statement that only reads, paged by `cursor`: a page ends at `limit` rows, 1 MiB or 16,384 values. A column name that comes again is numbered: `id`, `id:1`.',
    requires: ['store:sql', 'store:read'],
    params: z.strictObject({
      ...Statement.shape,
      limit: z.int().min(1).max(10_000).default(1000),
      cursor: z.string().max(256).optional(),
    }),
    result: z.object({
      rows: z.array(z.record(z.string(), SqlValue)),
      cursor: z.string().optional().describe('Where the next page begins; absent after the last.'),
      changed: z
        .literal(true)
        .optional()
        .describe(
          'The data was written since the page before: rows that came or went may have shifted this one.',
        ),
    }),
    acceptsResult: acceptsRows,
    errors: sqlErrors,
  }),
  'db.batch': defineMethod({
    summary: 'Run statements in one transaction: all of them, or none.',
    requires: ['store:sql', 'store:write'],
    params: z.strictObject({ statements: z.array(Statement).min(1).max(MAX_STATEMENTS) }),
    result: z.object({ results: z.array(Executed) }),
    acceptsParams: acceptsBatch,
    acceptsResult: acceptsBatchResult,
    errors: sqlErrors,
  }),
  'db.migrate': defineMethod({
    summary: 'Bring the schema to the newest numbered migration, atomically; history must agree.',
    requires: 'store:write',
    mayRequire: ['store:sql'],
    params: z.strictObject({
      migrations: z
        .array(
          z.strictObject({
            version: z.int().min(1),
            name: z.string().min(1).max(128),
            sql: Unicode.min(1).max(262_144).describe('One or more statements.'),
          }),
        )
        .max(1000),
    }),
    result: z.object({
      version: z.int(),
      applied: z.array(z.int()),
      backup: BackupId.optional().describe('A copy from before, where the store held anything.'),
    }),
    errors: sqlErrors,
  }),
  'db.info': defineMethod({
    summary: 'Size, quota, schema version, tables and collections of this store.',
    requires: 'store:read',
    params: z.strictObject({}),
    result: z.object({
      bytes: z.int(),
      quotaBytes: z.int(),
      schemaVersion: z.int(),
      encrypted: z.literal(true),
      tables: z.array(z.string()),
      collections: z.array(z.string()),
      diskBytes: z.int().describe('Of all files: database, log, backups.'),
      backups: z.int().describe('How many there are.'),
    }),
    errors: ['WorkerCrashed', 'Unavailable'],
  }),
  'db.backup': defineMethod({
    summary: 'Copy the whole store, encrypted like it; proved by opening the copy.',
    requires: 'store:write',
    params: z.strictObject({}),
    result: z.object({ backup: Backup }),
    errors: [...copyErrors, 'CapabilityDenied'],
  }),
  'db.backups': defineMethod({
    summary: 'The copies of this store, newest first.',
    requires: 'store:read',
    params: z.strictObject({}),
    result: z.object({ backups: z.array(Backup) }),
    errors: ['WorkerCrashed', 'Unavailable'],
  }),
  'db.restore': defineMethod({
    summary: 'Put a copy in the place of the store, whole or not at all.',
    requires: 'store:write',
    params: z.strictObject({ backup: BackupId }),
    result: z.object({
      restored: BackupId,
      schemaVersion: z.int(),
      saved: BackupId.optional().describe('A copy of what was there before.'),
    }),
    errors: [...copyErrors, 'NotFound'],
  }),
  'db.wipe': defineMethod({
    summary: 'Destroy the key, the data and the copies of this store; it is empty afterwards.',
    requires: 'store:write',
    params: z.strictObject({}),
    result: z.object({ wiped: z.literal(true) }),
    errors: ['Busy', 'WorkerCrashed', 'Unavailable'],
  }),
};
