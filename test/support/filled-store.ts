import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { refusalOf } from './temporary-store.ts';
import type { EngineCalls } from './open-engine.ts';

export const CANARY = 'canary-in-a-coal-mine';

/** Fills a store with 2000 rows, a search table and a collection. */
export function fill(store: EngineCalls, text = CANARY): void {
  store.call('exec', { sql: 'CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)' });
  store.call('exec', { sql: 'CREATE VIRTUAL TABLE words USING fts5 (body)' });
  store.call('exec', {
    sql: `INSERT INTO notes WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
      SELECT i, ? || i || hex(randomblob(100)) FROM n`,
    params: [text],
  });
  store.call('exec', { sql: 'INSERT INTO words SELECT body FROM notes LIMIT 100' });
  store.call('createCollection', { collection: 'documents' });
  const records = [{ id: 'a', text: 'hello', metadata: { x: 1 } }];
  store.call('upsertRecords', { collection: 'documents', records });
}

export const count = (store: EngineCalls): unknown =>
  store.call('query', { sql: 'SELECT count(*) AS n FROM notes', limit: 1 }).rows[0]?.['n'];
export const add = (store: EngineCalls): void => {
  store.call('exec', { sql: "INSERT INTO notes (body) VALUES ('new')" });
};
export function flip(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}

/** Puts something else in the place of a file. */
export function place(kind: string, path: string): void {
  rmSync(path, { force: true, recursive: true });
  if (kind === 'symlink') symlinkSync('/etc/passwd', path);
  else if (kind === 'folder') mkdirSync(path);
  else if (spawnSync('mkfifo', [path]).status !== 0) throw new Error('no pipe');
}

export const ruleOf = (work: () => unknown): unknown => refusalOf(work).details?.['rule'];
