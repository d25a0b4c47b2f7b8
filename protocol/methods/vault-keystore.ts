import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { Argon2Parameters, DatabaseName, Passphrase } from './vault-shapes.ts';

const errors = [
  'NotFound',
  'Conflict',
  'Busy',
  'Unavailable',
  'InsufficientResources',
  'Cancelled',
] as const;

const AutoLockMs = z
  .int()
  .min(1000)
  .max(24 * 60 * 60 * 1000);

export const KeyMetadata = z
  .object({
    database: z.string(),
    keyId: z.string(),
    createdAt: z.string().describe('ISO 8601.'),
    lastUsedAt: z.string().optional().describe('When the passphrase last opened it again.'),
    changedAt: z.string().optional().describe('When the passphrase was last changed.'),
    kdf: Argon2Parameters,
    enabled: z.boolean(),
    failedAttempts: z.int().describe('Since the last right passphrase.'),
    autoLockMs: z.int(),
  })
  .meta({ id: 'KeyMetadata' });
export type KeyMetadata = z.output<typeof KeyMetadata>;

const Database = { database: DatabaseName };

export const vaultKeystoreMethods = {
  'vault.initialize': defineMethod({
    summary: 'A random key for a database, wrapped by a passphrase.',
    requires: 'session',
    params: z.strictObject({
      ...Database,
      passphrase: Passphrase,
      kdf: Argon2Parameters.optional(),
      autoLockMs: AutoLockMs.optional().describe('Locked after so long without use; 15 minutes.'),
    }),
    result: z.object({ metadata: KeyMetadata }),
    errors,
  }),
  'vault.unlock': defineMethod({
    summary: 'Open the key of a database by its passphrase, for this session.',
    requires: 'session',
    params: z.strictObject({
      ...Database,
      passphrase: Passphrase,
      autoLockMs: AutoLockMs.optional().describe(
        'Locked after so long without use, this time; as the database was made when left out.',
      ),
    }),
    result: z.object({
      unlocked: z.boolean(),
      retryAfterMs: z.int().optional().describe('After a wrong passphrase: not before this.'),
    }),
    errors,
  }),
  'vault.lock': defineMethod({
    summary: 'Erase the opened key of one database, or of all.',
    requires: 'session',
    params: z.strictObject({ database: DatabaseName.optional() }),
    result: z.object({ locked: z.int() }),
  }),
  'vault.isUnlocked': defineMethod({
    summary: 'Whether this session has the key of a database open; of any without a name.',
    requires: 'session',
    params: z.strictObject({ database: DatabaseName.optional() }),
    result: z.object({ unlocked: z.boolean() }),
  }),
  'vault.getMetadata': defineMethod({
    summary: 'What is known of the key of a database; null where there is none.',
    requires: 'session',
    params: z.strictObject(Database),
    result: z.object({ metadata: KeyMetadata.nullable() }),
    errors,
  }),
  'vault.list': defineMethod({
    summary: 'The databases of this app that have a key.',
    requires: 'session',
    params: z.strictObject({}),
    result: z.object({ databases: z.array(KeyMetadata) }),
    errors,
  }),
  'vault.hasEncryption': defineMethod({
    summary: 'Whether a database is encrypted by a passphrase now.',
    requires: 'session',
    params: z.strictObject(Database),
    result: z.object({ enabled: z.boolean() }),
    errors,
  }),
  'vault.getParameters': defineMethod({
    summary: 'What one guess at the passphrase of a database costs; of a new one without a name.',
    requires: 'session',
    params: z.strictObject({ database: DatabaseName.optional() }),
    result: z.object({ kdf: Argon2Parameters }),
    errors,
  }),
  'vault.isSupported': defineMethod({
    summary: 'Whether the vault can be used here.',
    requires: 'session',
    params: z.strictObject({}),
    result: z.object({ supported: z.boolean() }),
  }),
  'vault.changePassphrase': defineMethod({
    summary: 'Wrap the same key by another passphrase: everything encrypted stays as it is.',
    requires: 'session',
    params: z.strictObject({
      ...Database,
      passphrase: Passphrase,
      newPassphrase: Passphrase,
      kdf: Argon2Parameters.optional(),
    }),
    result: z.object({ changed: z.boolean(), retryAfterMs: z.int().optional() }),
    errors,
  }),
  'vault.disable': defineMethod({
    summary:
      'Decrypt what the store holds of a database, and need no passphrase for the rest. Records that are left sealed open as long as the key is there: `vault.delete` loses them.',
    requires: 'session',
    params: z.strictObject({ ...Database, passphrase: Passphrase }),
    result: z.object({
      disabled: z.boolean(),
      decrypted: z.int().describe('Records of collections that are plain now.'),
      left: z
        .int()
        .optional()
        .describe(
          'Records of collections that stay sealed: they did not open, or may not be written. Absent where they cannot be counted, without the right to read the store.',
        ),
      retryAfterMs: z.int().optional(),
    }),
    errors,
  }),
  'vault.delete': defineMethod({
    summary:
      'Destroy the key of a database: what is encrypted by it cannot be opened any more, nor records of collections that are still sealed by it.',
    requires: 'session',
    params: z.strictObject(Database),
    result: z.object({ deleted: z.boolean() }),
    errors,
  }),
};
