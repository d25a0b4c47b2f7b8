import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  openStoreDatabase,
  type StoreDatabase,
} from '../../../../daemon/stores/database/database.ts';
import {
  makeOpenOptions,
  makeTemporaryFolder,
  openTemporaryStore,
  refusalOf,
} from '../../../support/temporary-store.ts';

const CANARY = 'canary-in-a-coal-mine';
const VECTOR = Buffer.from(Float32Array.from({ length: 64 }, (_, i) => Math.sin(i + 0.25)).buffer);

/** Everything in a folder, as one buffer. */
function readFolder(folder: string): Buffer {
  return Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
}

function listOpenFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

function fillWithCanaries(run: (sql: string, params: (string | Buffer)[]) => void): void {
  run('CREATE TABLE t (text TEXT, vector BLOB)', []);
  run('CREATE VIRTUAL TABLE words USING fts5 (text)', []);
  run('BEGIN', []);
  for (let row = 0; row < 200; row += 1) {
    run('INSERT INTO t VALUES (?, ?)', [CANARY, VECTOR]);
    run('INSERT INTO words VALUES (?)', [CANARY]);
  }
  run('COMMIT', []);
}

function runOn(database: StoreDatabase): (sql: string, params: (string | Buffer)[]) => void {
  return (sql, params) => {
    database.prepare(sql).run(params);
  };
}

describe('a store at rest', () => {
  test('holds no text, vector or table name in its file and log', () => {
    const start = makeOpenOptions();
    const folder = dirname(start.path);
    const database = openStoreDatabase(start);
    fillWithCanaries(runOn(database));
    const open = readFolder(folder);
    expect(readdirSync(folder)).toEqual(['store.db', 'store.db-created', 'store.db-wal']);
    database.close();
    const closed = readFolder(folder);
    for (const bytes of [open, closed]) {
      expect(bytes.length).toBeGreaterThan(50_000);
      for (const secret of [CANARY, 'coal', VECTOR, VECTOR.subarray(40, 60), 'CREATE TABLE']) {
        expect(bytes.includes(secret)).toBe(false);
      }
    }
  });

  test.runIf(process.platform === 'linux')('sorts in memory, never in a temporary file', () => {
    const database = openTemporaryStore();
    fillWithCanaries(runOn(database));
    const countTemporaryFiles = (): number => {
      const sort = database.prepare('SELECT a.text FROM t a, t b ORDER BY a.vector || b.rowid');
      for (const row of sort.rows()) {
        expect(row).toEqual([CANARY]);
        return listOpenFiles().filter((path) => path.includes('etilqs')).length;
      }
      return 0;
    };
    const pragma = (text: string): unknown => database.prepare(`PRAGMA ${text}`).run();
    pragma('cache_size = 10');
    expect(countTemporaryFiles()).toBe(0);
    // The control: as SQLite would do by itself.
    pragma('temp_store = FILE');
    expect(countTemporaryFiles()).toBeGreaterThan(0);
  });

  test('would hold them without the cipher: the check above can fail', () => {
    const folder = makeTemporaryFolder();
    const require = createRequire(import.meta.resolve('../../../daemon/stores/database.ts'));
    const Sqlite = require('better-sqlite3-multiple-ciphers') as new (path: string) => {
      prepare(sql: string): { run(...params: unknown[]): void };
      close(): void;
    };
    const plain = new Sqlite(join(folder, 'plain.db'));
    fillWithCanaries((sql, params) => {
      plain.prepare(sql).run(...params);
    });
    plain.close();
    const bytes = readFolder(folder);
    for (const secret of [CANARY, VECTOR, 'CREATE TABLE'])
      expect(bytes.includes(secret)).toBe(true);
  });

  test('begins with a random salt, not with a header', () => {
    const headers = [makeOpenOptions(), makeOpenOptions()].map((start) => {
      openStoreDatabase(start).close();
      return readFileSync(start.path).subarray(0, 16).toString('latin1');
    });
    expect(headers[0]).not.toContain('SQLite');
    expect(headers[0]).not.toBe(headers[1]);
  });
});

describe('opening a store', () => {
  test('keeps what was written', () => {
    const start = makeOpenOptions();
    const first = openStoreDatabase(start);
    fillWithCanaries(runOn(first));
    first.close();
    const second = openStoreDatabase(start);
    expect([...second.prepare('SELECT count(*) FROM t').rows()]).toEqual([[200n]]);
    second.close();
  });

  test('refuses another key, and harms nothing by it', () => {
    const start = makeOpenOptions();
    const database = openStoreDatabase(start);
    fillWithCanaries(runOn(database));
    database.close();
    const refusal = refusalOf(() => openStoreDatabase({ ...start, key: randomBytes(32) }));
    expect(refusal.reason).toBe('Unavailable');
    expect(refusal.details).toEqual({ rule: 'store_unreadable' });
    const again = openStoreDatabase(start);
    expect([...again.prepare('SELECT count(*) FROM t').rows()]).toEqual([[200n]]);
    again.close();
  });

  test.each([
    [
      'deleted',
      (path: string) => {
        rmSync(path);
      },
    ],
    [
      'emptied',
      (path: string) => {
        truncateSync(path);
      },
    ],
  ])('never makes a new file in place of one that was %s', (_how, lose) => {
    const start = makeOpenOptions();
    openStoreDatabase(start).close();
    lose(start.path);
    const before = existsSync(start.path);
    expect(refusalOf(() => openStoreDatabase(start)).details).toEqual({ rule: 'store_missing' });
    expect(existsSync(start.path)).toBe(before);
  });

  test('never makes a new file beside a log that has changes', () => {
    const start = makeOpenOptions();
    const database = openStoreDatabase(start);
    fillWithCanaries(runOn(database));
    const log = readFileSync(`${start.path}-wal`);
    database.close();
    for (const suffix of ['', '-created']) rmSync(start.path + suffix);
    writeFileSync(`${start.path}-wal`, log);
    expect(refusalOf(() => openStoreDatabase(start)).details).toEqual({ rule: 'store_missing' });
    expect(readFileSync(`${start.path}-wal`).equals(log)).toBe(true);
  });

  test('starts again where its making was cut short', () => {
    const start = makeOpenOptions();
    writeFileSync(start.path, '');
    openStoreDatabase(start).close();
    expect(readFileSync(start.path).length).toBeGreaterThan(0);
  });

  test('refuses a damaged file', () => {
    const start = makeOpenOptions();
    openStoreDatabase(start).close();
    const bytes = readFileSync(start.path);
    bytes[100] = (bytes[100] ?? 0) ^ 0xff;
    writeFileSync(start.path, bytes);
    expect(refusalOf(() => openStoreDatabase(start)).reason).toBe('Unavailable');
  });

  test('refuses the file of another app put in its place', () => {
    const start = makeOpenOptions();
    const other = makeOpenOptions();
    openStoreDatabase(other).close();
    copyFileSync(other.path, start.path);
    expect(refusalOf(() => openStoreDatabase(start)).reason).toBe('Unavailable');
  });

  test('refuses a second process on the same file while it is open', () => {
    const start = makeOpenOptions();
    const first = openStoreDatabase(start);
    expect(refusalOf(() => openStoreDatabase(start)).reason).toBe('Busy');
    first.close();
  });
});

test('a file deleted while it is open takes no more writes, which would be lost', () => {
  const start = makeOpenOptions();
  const database = openStoreDatabase(start);
  runOn(database)('CREATE TABLE t (x)', []);
  rmSync(start.path);
  for (const write of [
    () => database.prepare('INSERT INTO t VALUES (1)').run(),
    () => {
      database.transaction(() => undefined);
    },
  ]) {
    expect(refusalOf(write).details).toEqual({ rule: 'store_missing' });
  }
  expect([...database.prepare('SELECT * FROM t').rows()]).toEqual([]);
  database.close();
});

describe('a transaction', () => {
  test('rolls back when its work throws', () => {
    const database = openTemporaryStore();
    const run = runOn(database);
    run('CREATE TABLE t (x)', []);
    expect(() =>
      database.transaction(() => {
        run('INSERT INTO t VALUES (1)', []);
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect([...database.prepare('SELECT * FROM t').rows()]).toEqual([]);
  });

  test('allows a row loop to be left early', () => {
    const database = openTemporaryStore();
    for (const row of database.prepare('SELECT 1 UNION SELECT 2').rows()) {
      expect(row).toEqual([1n]);
      break;
    }
    runOn(database)('CREATE TABLE t (x)', []);
  });
});
