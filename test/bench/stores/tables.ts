import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite, { type Database as PlainDatabase } from 'better-sqlite3-multiple-ciphers';
import { openStoreDatabase, type StoreDatabase } from '../../../daemon/stores/database/database.ts';

/** One table that both sides hold: a key, two short columns, a hundred characters of text. */
export const CREATE =
  'CREATE TABLE notes (id INTEGER PRIMARY KEY, name TEXT, score REAL, body TEXT)';
export const INSERT = 'INSERT INTO notes VALUES (?, ?, ?, ?)';
export const POINT_READ = 'SELECT * FROM notes WHERE id = ?';
const BODY = 'x'.repeat(100);

export function noteOf(id: number): [number, string, number, string] {
  return [id, `note ${id}`, id / 3, BODY];
}

/** The same SQLite twice: encrypted as every store is, and as any program in process would open it. */
export interface TwoDatabases extends Disposable {
  readonly store: StoreDatabase;
  readonly plain: PlainDatabase;
}

export function openTwoDatabases(): TwoDatabases {
  const folder = mkdtempSync(join(tmpdir(), 'locara-bench-'));
  const store = openStoreDatabase({
    path: join(folder, 'store.db'),
    key: randomBytes(32),
    quotaBytes: 2 ** 32,
  });
  const plain = new Sqlite(join(folder, 'plain.db'));
  plain.pragma('journal_mode = WAL');
  plain.pragma('synchronous = FULL');
  plain.pragma('cache_size = -65536');
  store.prepare(CREATE).run();
  plain.exec(CREATE);
  return {
    store,
    plain,
    [Symbol.dispose]: () => {
      store.close();
      plain.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function fillStore(store: StoreDatabase, rows: number): void {
  store.transaction(() => {
    const insert = store.prepare(INSERT);
    for (let id = 0; id < rows; id += 1) {
      const [key, ...rest] = noteOf(id);
      insert.run([BigInt(key), ...rest]);
    }
  });
}

export function fillPlain(plain: PlainDatabase, rows: number): void {
  const insert = plain.prepare(INSERT);
  plain.transaction(() => {
    for (let id = 0; id < rows; id += 1) insert.run(...noteOf(id));
  })();
}
