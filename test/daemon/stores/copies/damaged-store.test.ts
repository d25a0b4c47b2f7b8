import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StoreStart } from '../../../../daemon/workers/store/ops.ts';
import { openEngine, type EngineCalls } from '../../../support/open-engine.ts';
import { add, count, fill, flip, place, ruleOf } from '../../../support/filled-store.ts';
import { makeStoreStart, refusalOf } from '../../../support/temporary-store.ts';

describe('a damaged store', () => {
  /** A store that was closed, then damaged, with one backup of 2000 rows. */
  function makeDamaged(damage: (path: string, start: StoreStart) => void) {
    const start = makeStoreStart();
    const first = openEngine(start);
    fill(first);
    const { id } = first.call('createBackup', { isOptedIn: true });
    first.close();
    damage(start.path, start);
    return { start, id, store: openEngine(start) };
  }
  const otherStore = (path: string): void => {
    const other = makeStoreStart();
    const engine = openEngine(other);
    fill(engine);
    engine.close();
    copyFileSync(other.path, path);
  };

  test.each([
    ["another app's file", otherStore],
    [
      'garbage',
      (path: string) => {
        writeFileSync(path, randomBytes(100_000));
      },
    ],
    [
      'half of it',
      (path: string) => {
        truncateSync(path, 4096 * 10);
      },
    ],
    [
      'a first page that was changed',
      (path: string) => {
        flip(path, 20);
      },
    ],
    [
      'every page but the first changed',
      (path: string) => {
        for (let at = 4096 + 1000; at < statSync(path).size; at += 4096) flip(path, at);
      },
    ],
    [
      'a symlink',
      (path: string) => {
        place('symlink', path);
      },
    ],
    [
      'a folder',
      (path: string) => {
        place('folder', path);
      },
    ],
    [
      'a pipe',
      (path: string) => {
        place('pipe', path);
      },
    ],
  ])(
    'with %s in its place serves nothing, is kept, and is restored on the user’s word',
    (what, damage) => {
      const { start, store, id } = makeDamaged(damage);
      for (const work of [
        () => count(store),
        () => {
          add(store);
        },
        () => store.call('migrate', { migrations: [] }),
        () => store.call('createBackup', { isOptedIn: true }),
        () => store.call('restoreBackup', { backup: id }),
        () => store.call('rotateKey', { key: randomBytes(32) }),
      ]) {
        expect(refusalOf(work)).toMatchObject({
          reason: 'Unavailable',
          details: { rule: 'store_damaged' },
        });
      }
      const check = store.call('checkStore', {});
      expect(check.state).toBe('damaged');
      const restored = store.call('restoreBackup', { backup: 'latest', onUsersWord: true });
      expect(restored).toEqual({ restored: id, schemaVersion: 0, keptDamaged: true });
      expect(count(store)).toBe(2000);
      const kept = join(dirname(start.path), 'damaged');
      const [folder = ''] = readdirSync(kept);
      expect(readdirSync(join(kept, folder)), what).toContain('store.db');
    },
  );

  test('that lost its file says so, and is restored, with nothing to keep', () => {
    const { store, id } = makeDamaged((path) => {
      rmSync(path);
    });
    expect(ruleOf(() => count(store))).toBe('store_missing');
    expect(store.call('checkStore', {}).state).toBe('missing');
    const restored = store.call('restoreBackup', { backup: 'latest', onUsersWord: true });
    expect(restored).toEqual({ restored: id, schemaVersion: 0 });
    expect(count(store)).toBe(2000);
  });

  test('with a page that cannot be read is served no more from the call that met it on', () => {
    const { start, store } = makeDamaged((path) => {
      flip(path, 4096 * 40 + 100);
    });
    const readAll = (): unknown =>
      store.call('query', { sql: 'SELECT max(length(body)) FROM notes', limit: 1 });
    refusalOf(readAll);
    expect(
      ruleOf(() => {
        add(store);
      }),
    ).toBe('store_damaged');
    store.close();
    // The next process finds the mark, and checks the file before it serves anything.
    const next = openEngine(start);
    expect(
      ruleOf(() => {
        add(next);
      }),
    ).toBe('store_damaged');
  });

  test('is checked and salvaged around the pages that cannot be read', () => {
    const { store } = makeDamaged((path) => {
      flip(path, 4096 * 40 + 100);
      flip(path, 4096 * 60 + 100);
    });
    const check = store.call('checkStore', {});
    expect(check.state).toBe('damaged');
    const notes = check.tables.find(({ name }) => name === 'notes');
    expect(notes?.isWhole).toBe(false);
    expect(notes?.rows).toBeGreaterThan(1900);
    expect(notes?.rows).toBeLessThan(2000);
    expect(check.collections).toEqual([{ name: 'documents', records: 1, isWhole: true }]);
    const { lines, gaps } = salvageAll(store);
    expect(gaps).toBeGreaterThanOrEqual(2);
    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parsed.filter(({ table }) => table === 'notes')).toHaveLength(notes?.rows ?? 0);
    expect(parsed.find(({ collection }) => collection === 'documents')).toMatchObject({
      record: { id: 'a', text: 'hello' },
    });
  });

  test('that was not closed is checked before its first call', () => {
    const start = makeStoreStart();
    const store = openEngine(start);
    fill(store);
    store.close();
    const again = openEngine(start);
    add(again);
    const log = readFileSync(`${start.path}-wal`);
    again.close();
    flip(start.path, 4096 * 40 + 100);
    writeFileSync(`${start.path}-wal`, log);
    const damaged = openEngine(start);
    expect(
      ruleOf(() => {
        add(damaged);
      }),
    ).toBe('store_damaged');
  });

  test('that is whole is said to be', () => {
    const { store } = makeDamaged(() => undefined);
    expect(store.call('checkStore', {})).toEqual({
      state: 'whole',
      problems: [],
      tables: [
        { name: 'notes', rows: 2000, isWhole: true },
        { name: 'words', rows: 100, isWhole: true },
      ],
      collections: [{ name: 'documents', records: 1, isWhole: true }],
    });
  });
});

function salvageAll(store: EngineCalls): { lines: string[]; gaps: number } {
  const lines: string[] = [];
  let gaps = 0;
  let cursor: string | undefined;
  do {
    const page = store.call('salvage', { cursor });
    lines.push(...page.lines);
    gaps += page.gaps;
    cursor = page.next;
  } while (cursor !== undefined);
  return { lines, gaps };
}

test('a search table that the app itself broke does not take the store away', () => {
  const start = makeStoreStart();
  const store = openEngine(start);
  fill(store);
  store.call('exec', {
    sql: "CREATE VIRTUAL TABLE e USING fts5 (body, content='notes', content_rowid='id')",
  });
  store.call('exec', { sql: "INSERT INTO e (rowid, body) VALUES (99999, 'gone')" });
  refusalOf(() => store.call('query', { sql: "SELECT * FROM e WHERE e MATCH 'gone'", limit: 1 }));
  expect(count(store)).toBe(2000);
  expect(existsSync(`${start.path}-suspect`)).toBe(false);
});
