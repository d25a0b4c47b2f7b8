import { ARGON2_FIELDS, type KeyMetadata, parseUnknown } from '@locara/protocol';
import * as z from 'zod';
import { SealedKey } from '../../../stores/keys/sealed-key.ts';

/** When a guess was made, by a clock that nobody can set. */
const GuessedAt = z.strictObject({ bootId: z.string(), elapsedMs: z.number().min(0) });

/** What is kept of a database: its key, wrapped by a passphrase, and how often somebody guessed wrong. */
const DatabaseRecord = z.strictObject({
  version: z.literal(1),
  database: z.string().min(1).max(128),
  keyId: z.string().regex(/^[A-Za-z0-9_-]{11}$/),
  createdAt: z.string(),
  lastUsedAt: z.string().optional(),
  changedAt: z.string().optional(),
  autoLockMs: z.int().min(1),
  kdf: z.strictObject(ARGON2_FIELDS),
  salt: z.base64(),
  /** Of the wrapping key: a passphrase that is not the one is known before anything is unwrapped. */
  commitment: z.base64(),
  sealed: SealedKey,
  /** The key as it is, once its user wanted no passphrase any more. */
  plainKey: z.base64().optional(),
  /** Guesses since the last right one, counted before they are judged. */
  failures: z.int().min(0),
  guessedAt: GuessedAt.optional(),
});
export type DatabaseRecord = z.output<typeof DatabaseRecord>;

/** Undefined for what is not whole. */
export function parseDatabaseRecord(bytes: Uint8Array): DatabaseRecord | undefined {
  try {
    const parsed = parseUnknown(DatabaseRecord, JSON.parse(Buffer.from(bytes).toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

export function formatDatabaseRecord(record: DatabaseRecord): Uint8Array {
  return Buffer.from(`${JSON.stringify(record)}\n`);
}

/** What an app may know: nothing by which a passphrase could be guessed elsewhere. */
export function toMetadata(record: DatabaseRecord): KeyMetadata {
  const { database, keyId, createdAt, lastUsedAt, changedAt, kdf, failures, autoLockMs } = record;
  return {
    database,
    keyId,
    createdAt,
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
    ...(changedAt === undefined ? {} : { changedAt }),
    kdf,
    enabled: record.plainKey === undefined,
    failedAttempts: failures,
    autoLockMs,
  };
}
