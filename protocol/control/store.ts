import * as z from 'zod';
import { Backup, BackupId } from '../methods/db.ts';
import { defineControlMethod } from './method.ts';

const App = z.strictObject({
  appId: z.string().max(256),
  collection: z
    .string()
    .max(63)
    .optional()
    .describe('A collection that the app shares, in place of its own data.'),
});

/** What an app's store holds, and what of it cannot be read. */
export const StoreCheck = z
  .object({
    state: z.enum(['whole', 'damaged', 'missing', 'rolled_back', 'unavailable']),
    problems: z.array(z.string()).describe('What does not hold: places and names, never a value.'),
    tables: z.array(z.object({ name: z.string(), rows: z.int(), isWhole: z.boolean() })),
    collections: z.array(z.object({ name: z.string(), records: z.int(), isWhole: z.boolean() })),
  })
  .meta({ id: 'StoreCheck' });
export type StoreCheck = z.output<typeof StoreCheck>;

export const storeMethods = {
  'store.check': defineControlMethod({
    summary: "Check an app's store from end to end, and count what can be read.",
    params: App,
    result: z.object({ check: StoreCheck, backups: z.array(Backup) }),
  }),
  'store.backups': defineControlMethod({
    summary: "The copies of an app's store, newest first.",
    params: App,
    result: z.object({ backups: z.array(Backup) }),
  }),
  'store.restore': defineControlMethod({
    summary: "Put a copy in the place of an app's store; a damaged file is kept aside.",
    params: z.strictObject({
      ...App.shape,
      backup: z.union([BackupId, z.literal('latest')]),
    }),
    result: z.object({
      restored: BackupId,
      schemaVersion: z.int(),
      saved: BackupId.optional().describe('A copy of what was there before, where it was whole.'),
      keptDamaged: z.literal(true).optional().describe('The damaged file lies beside the store.'),
    }),
  }),
  'store.salvage': defineControlMethod({
    summary: "What can still be read of an app's store, a page at a time.",
    params: z.strictObject({ ...App.shape, cursor: z.string().max(64).optional() }),
    result: z.object({
      lines: z.array(z.string()).describe('Each one row or record, as JSON.'),
      gaps: z.int().describe('Places in this page where rows could not be read.'),
      next: z.string().optional().describe('There is more: ask again with this as `cursor`.'),
    }),
  }),
  'store.accept': defineControlMethod({
    summary: 'Take an older file, put in the place of an app’s store, for the store from now on.',
    params: App,
    result: z.object({ accepted: z.literal(true) }),
  }),
};
