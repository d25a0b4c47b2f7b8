import type { BackupReason } from './backup-id.ts';

const NEWEST_KEPT = 5;
const DAYS_KEPT = 7;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What retention knows of a backup. */
export interface KeptBackup {
  readonly id: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly bytes: number;
  readonly reason: BackupReason;
}

export interface RetentionRules {
  readonly now: Date;
  /** Whether the app's manifest asks for backups: without that, a copy before a migration goes after 7 days. */
  readonly isOptedIn: boolean;
  /** How much all of them may take; the newest stays in any case. */
  readonly maxBytes: number;
}

/**
 * The backups to remove: all but the newest 5 and the newest of each of the last 7 days (UTC); of those
 * before a migration all but the newest; and the oldest while they take too much.
 */
export function selectExpired<B extends KeptBackup>(
  backups: readonly B[],
  rules: RetentionRules,
): B[] {
  const newestFirst = sortNewestFirst(backups);
  const kept = sortNewestFirst([
    ...keepOrdinary(
      newestFirst.filter(({ reason }) => reason !== 'migration'),
      rules,
    ),
    ...keepMigration(
      newestFirst.filter(({ reason }) => reason === 'migration'),
      rules,
    ),
  ]);
  const fitting = new Set(keepWithin(kept, rules.maxBytes));
  return newestFirst.filter((backup) => !fitting.has(backup));
}

function keepOrdinary<B extends KeptBackup>(newestFirst: readonly B[], { now }: RetentionRules) {
  const days = new Set<string>();
  return newestFirst.filter((backup, index) => {
    const day = backup.createdAt.slice(0, 10);
    const isNewestOfDay = !days.has(day);
    days.add(day);
    return index < NEWEST_KEPT || (isNewestOfDay && ageMs(backup, now) < DAYS_KEPT * DAY_MS);
  });
}

function keepMigration<B extends KeptBackup>(
  newestFirst: readonly B[],
  { now, isOptedIn }: RetentionRules,
) {
  return newestFirst
    .slice(0, 1)
    .filter((backup) => isOptedIn || ageMs(backup, now) < DAYS_KEPT * DAY_MS);
}

/** An id begins with the time. */
export function sortNewestFirst<B extends Pick<KeptBackup, 'id'>>(backups: readonly B[]): B[] {
  return backups.toSorted((a, b) => (a.id < b.id ? 1 : -1));
}

function keepWithin<B extends KeptBackup>(newestFirst: readonly B[], maxBytes: number): B[] {
  let total = 0;
  return newestFirst.filter(({ bytes }, index) => {
    total += bytes;
    return index === 0 || total <= maxBytes;
  });
}

function ageMs({ createdAt }: KeptBackup, now: Date): number {
  return now.getTime() - Date.parse(createdAt);
}
