import { randomBytes } from 'node:crypto';

/** Why a copy was made. `restore`: of what was there before another one was put back. */
const BACKUP_REASONS = ['asked', 'daily', 'migration', 'restore'] as const;
export type BackupReason = (typeof BACKUP_REASONS)[number];

/** What a backup's id says of it. */
export interface BackupFacts {
  /** ISO 8601, with milliseconds. */
  readonly createdAt: string;
  readonly reason: BackupReason;
  /** The newest migration in it. */
  readonly schemaVersion: number;
}

const TIME = String.raw`(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)(\d{3})`;
const ID = new RegExp(`^${TIME}-(${BACKUP_REASONS.join('|')})-v(\\d{1,15})-[0-9a-f]{8}$`);

/** `20261122t042645123-asked-v3-1f2e3d4c`: sorts by time; the id is also the file's name, so no file is opened to list it. */
export function makeBackupId({ createdAt, reason, schemaVersion }: BackupFacts): string {
  const time = createdAt.replace(/[-:.Z]/g, '').toLowerCase();
  return `${time}-${reason}-v${schemaVersion}-${randomBytes(4).toString('hex')}`;
}

/** Undefined for what is no backup's id. */
export function readBackupId(id: string): BackupFacts | undefined {
  const match = ID.exec(id);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, ms, reason, version] = match;
  const createdAt = `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`;
  if (!isRealTime(createdAt)) return undefined;
  return { createdAt, reason: reason as BackupReason, schemaVersion: Number(version) };
}

function isRealTime(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}
