import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeBackupId, readBackupId } from '../../../../daemon/stores/copies/backup-id.ts';
import { type KeptBackup, selectExpired } from '../../../../daemon/stores/copies/retention.ts';

const HOUR_MS = 60 * 60 * 1000;
const NOW = new Date('2026-11-22T12:00:00.000Z');

const backupArbitrary = fc
  .record({
    ageHours: fc.integer({ min: 0, max: 24 * 30 }),
    bytes: fc.integer({ min: 1, max: 1000 }),
    reason: fc.constantFrom('asked', 'daily', 'migration', 'restore'),
  })
  .map(({ ageHours, bytes, reason }): KeptBackup => {
    const createdAt = new Date(NOW.getTime() - ageHours * HOUR_MS).toISOString();
    return { id: makeBackupId({ createdAt, reason, schemaVersion: 1 }), createdAt, bytes, reason };
  });
const backupsArbitrary = fc.array(backupArbitrary, { maxLength: 60 });

const rules = (overrides: { isOptedIn?: boolean; maxBytes?: number } = {}) => ({
  now: NOW,
  isOptedIn: true,
  maxBytes: Infinity,
  ...overrides,
});

const newestFirst = (backups: readonly KeptBackup[]) =>
  backups.toSorted((a, b) => (a.id < b.id ? 1 : -1));
const keptOf = (backups: readonly KeptBackup[], expired: readonly KeptBackup[]) =>
  newestFirst(backups.filter((backup) => !expired.includes(backup)));

describe('what is kept of backups', () => {
  test('is the newest five, whatever their age', () => {
    fc.assert(
      fc.property(backupsArbitrary, (backups) => {
        const ordinary = newestFirst(backups.filter(({ reason }) => reason !== 'migration'));
        const expired = selectExpired(backups, rules());
        expect(ordinary.slice(0, 5).filter((backup) => expired.includes(backup))).toEqual([]);
      }),
    );
  });

  test('is one of each of the last seven days, and nothing else', () => {
    fc.assert(
      fc.property(backupsArbitrary, (backups) => {
        const kept = keptOf(backups, selectExpired(backups, rules()));
        const ordinary = kept.filter(({ reason }) => reason !== 'migration');
        const days = ordinary.slice(5).map(({ createdAt }) => createdAt.slice(0, 10));
        expect(new Set(days).size).toBe(days.length);
        const recent = backups.filter(
          ({ createdAt, reason }) =>
            reason !== 'migration' && NOW.getTime() - Date.parse(createdAt) < 7 * 24 * HOUR_MS,
        );
        const keptDays = new Set(ordinary.map(({ createdAt }) => createdAt.slice(0, 10)));
        for (const { createdAt } of recent) expect(keptDays).toContain(createdAt.slice(0, 10));
        expect(ordinary.length).toBeLessThanOrEqual(5 + 8);
      }),
    );
  });

  test('is the newest copy before a migration; without the opt-in not for longer than 7 days', () => {
    fc.assert(
      fc.property(backupsArbitrary, fc.boolean(), (backups, isOptedIn) => {
        const migrations = newestFirst(backups.filter(({ reason }) => reason === 'migration'));
        const kept = keptOf(backups, selectExpired(backups, rules({ isOptedIn })));
        const isYoung = (backup: KeptBackup): boolean =>
          NOW.getTime() - Date.parse(backup.createdAt) < 7 * 24 * HOUR_MS;
        expect(kept.filter(({ reason }) => reason === 'migration')).toEqual(
          migrations.slice(0, 1).filter((backup) => isOptedIn || isYoung(backup)),
        );
      }),
    );
  });

  test('never takes more than its share, but for the newest one', () => {
    fc.assert(
      fc.property(backupsArbitrary, fc.integer({ min: 1, max: 5000 }), (backups, maxBytes) => {
        const kept = keptOf(backups, selectExpired(backups, rules({ maxBytes })));
        const bytes = kept.slice(1).reduce((sum, backup) => sum + backup.bytes, 0);
        if (kept.length > 1) expect(bytes + (kept[0]?.bytes ?? 0)).toBeLessThanOrEqual(maxBytes);
        const ordinary = backups.some(({ reason }) => reason !== 'migration');
        expect(kept.length > 0).toBe(ordinary || backups.length > 0);
      }),
    );
  });

  test('stays the same when it is asked again', () => {
    fc.assert(
      fc.property(backupsArbitrary, (backups) => {
        const kept = keptOf(backups, selectExpired(backups, rules({ maxBytes: 3000 })));
        expect(selectExpired(kept, rules({ maxBytes: 3000 }))).toEqual([]);
      }),
    );
  });
});

describe("a backup's id", () => {
  test('says what it is, and sorts by time', () => {
    fc.assert(
      fc.property(backupArbitrary, backupArbitrary, (a, b) => {
        expect(readBackupId(a.id)).toEqual({
          createdAt: a.createdAt,
          reason: a.reason,
          schemaVersion: 1,
        });
        if (a.createdAt < b.createdAt) expect(a.id < b.id).toBe(true);
      }),
    );
  });

  test.each([
    '',
    '..',
    '../store',
    '20261122t042645123-asked-v3-1f2e3d4c/../x',
    '20261322t042645123-asked-v3-1f2e3d4c',
    '20261122t042645123-other-v3-1f2e3d4c',
    '20261122t042645123-asked-v3-1f2e3d4',
    '20261122t042645123-asked-v3-1f2e3d4c\0',
    '20261122t042645123-asked-v3-1f2e3d4c\n',
  ])('is not %j', (id) => {
    expect(readBackupId(id)).toBeUndefined();
  });
});
