import { randomBytes } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../../../daemon/stores/database/opening.ts';
import type { StoreStart } from '../../../../daemon/workers/store/ops.ts';
import { makeStoreStart, refusalOf } from '../../../support/temporary-store.ts';

/** Opens and closes; the generation while it was open. */
function visit(start: StoreStart): number {
  const { opening, close } = openStore(start);
  expect(close()).toBe(true);
  return opening.generation;
}

describe('the generation of a store', () => {
  test('goes up with each opening and each clean end', () => {
    const start = makeStoreStart();
    expect(visit(start)).toBe(1);
    expect(visit({ ...start, generation: 2 })).toBe(3);
  });

  test('goes past one that never came on record', () => {
    const start = makeStoreStart();
    expect([visit(start), visit(start), visit(start)]).toEqual([1, 3, 5]);
  });

  test('refuses a file that is older than the record', () => {
    const start = makeStoreStart();
    visit(start);
    copyFileSync(start.path, `${start.path}.old`);
    const generation = visit({ ...start, generation: 2 });
    copyFileSync(`${start.path}.old`, start.path);
    expect(refusalOf(() => openStore({ ...start, generation }))).toMatchObject({
      reason: 'Unavailable',
      details: { rule: 'store_rolled_back' },
    });
  });

  test('refuses a copy taken while the store was open', () => {
    const start = makeStoreStart();
    const { opening, database, close } = openStore(start);
    database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').run();
    copyFileSync(start.path, `${start.path}.open`);
    close();
    copyFileSync(`${start.path}.open`, start.path);
    const generation = opening.generation + 1;
    expect(refusalOf(() => openStore({ ...start, generation })).details).toEqual({
      rule: 'store_rolled_back',
    });
  });

  test('takes an older file on the user’s word, and is then above all others', () => {
    const start = makeStoreStart();
    visit(start);
    expect(visit({ ...start, generation: 50, acceptsOlder: true })).toBe(51);
  });
});

test('a store opens by the first key that fits, and by none of others', () => {
  const start = makeStoreStart();
  visit(start);
  const { opening, close } = openStore({ ...start, keys: [randomBytes(32), ...start.keys] });
  close();
  expect(opening.keyIndex).toBe(1);
  expect(
    refusalOf(() => openStore({ ...start, keys: [randomBytes(32), randomBytes(32)] })),
  ).toMatchObject({ reason: 'Unavailable', details: { rule: 'store_damaged' } });
});
