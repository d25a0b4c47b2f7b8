import * as z from 'zod';

/** How full a store is. */
export const StoreFill = z
  .object({ usedBytes: z.int(), limitBytes: z.int(), percent: z.int() })
  .meta({ id: 'StoreFill' });
export type StoreFill = z.output<typeof StoreFill>;

/** A collection that an app declares to share, and whether it does now. */
export const Sharing = z
  .object({
    app: z.string().describe('The other one.'),
    collection: z.string(),
    access: z.enum(['read', 'read-write']),
    state: z
      .enum(['shared', 'waiting', 'revoked'])
      .describe(
        '`waiting`: the other app, or a consent, is missing. `revoked`: by the user, here.',
      ),
    bytes: z.int().describe('What the collection takes on disk.'),
  })
  .meta({ id: 'Sharing' });
export type Sharing = z.output<typeof Sharing>;

const Disk = z.object({
  databaseBytes: z.int(),
  logBytes: z.int().describe('Changes that are not in the database file yet.'),
  backupBytes: z.int(),
  otherBytes: z.int().describe('As set aside after damage.'),
  backups: z.int(),
});

const Contents = z.object({
  usedBytes: z.int().describe('What counts against the quota: room that was freed does not.'),
  schemaVersion: z.int(),
  tables: z.array(
    z.object({
      name: z.string(),
      rows: z.int().optional().describe('Absent when the table cannot be read.'),
    }),
  ),
  collections: z.array(
    z.object({
      name: z.string(),
      records: z.int(),
      dimensions: z.int().optional(),
      modelDigest: z.string().optional(),
      tokenizer: z.string().optional(),
    }),
  ),
});

/** All that the user is told of an app's data. */
export const StoreView = z
  .object({
    appId: z.string(),
    state: z.enum(['installed', 'uninstalled', 'damaged']).describe('Of the app.'),
    disk: Disk,
    quotaBytes: z.int(),
    percent: z.int().describe('Of the quota that is used.'),
    encryption: z.object({
      cipher: z.string(),
      key: z.string().optional().describe('What keeps its key.'),
    }),
    lastUsedAt: z.iso.datetime().optional(),
    contents: Contents.optional().describe('Absent when there are none or they cannot be read.'),
    problem: z
      .object({
        reason: z.string(),
        message: z.string(),
        command: z.string().optional().describe('What to do about it.'),
      })
      .optional()
      .describe('Why the contents cannot be read.'),
    sharing: z.array(Sharing),
  })
  .meta({ id: 'StoreView' });
export type StoreView = z.output<typeof StoreView>;

export const EXPORT_FORMATS = ['jsonl', 'sqlcipher', 'sqlite'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
