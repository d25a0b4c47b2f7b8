import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../../../daemon/stores/database/opening.ts';
import type { StoreStart } from '../../../../daemon/workers/store/ops.ts';
import type { FromWriter } from '../../../support/store-writer.ts';
import { makeStoreStart } from '../../../support/temporary-store.ts';

const WRITER = new URL('../../../support/store-writer.ts', import.meta.url).pathname;

/** Starts a writer, in a shell that may first set a limit. */
function startWriter(start: StoreStart, options: { first: number; limit?: string }): ChildProcess {
  const script = `${options.limit ?? ':'}; exec "$0" --conditions=locara-source "$1"`;
  const child = spawn('/bin/sh', ['-c', script, process.execPath, WRITER], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  child.send({ start, first: options.first });
  return child;
}

/** Rows of both tables, after SQLite has checked every page. */
function readRows(start: StoreStart): { rows: number[]; twins: number[] } {
  const { database } = openStore(start);
  expect(Array.from(database.prepare('PRAGMA integrity_check').rows())).toEqual([['ok']]);
  const read = (table: string): number[] =>
    Array.from(database.prepare(`SELECT id FROM ${table} ORDER BY id`).rows(), ([id]) =>
      Number(id),
    );
  const found = { rows: read('t'), twins: read('twin') };
  database.close();
  return found;
}

describe('a store', () => {
  test('loses no acknowledged write and tears no transaction when its process is killed', async () => {
    const start = makeStoreStart();
    let first = 1;
    for (const acknowledgements of [1, 7, 40, 100]) {
      const child = startWriter(start, { first });
      // Closed, it has told everything; it may have exited before its last words are read.
      const exited = once(child, 'close');
      let last = 0;
      child.on('message', (message: FromWriter) => {
        if ('acknowledged' in message) last = message.acknowledged;
        if (last === first + acknowledgements) child.kill('SIGKILL');
      });
      expect((await exited)[1]).toBe('SIGKILL');
      const { rows, twins } = readRows(start);
      expect(rows.length).toBeGreaterThanOrEqual(last);
      expect(rows).toEqual(Array.from(rows, (_, index) => index + 1));
      expect(twins).toEqual(rows);
      first = rows.length + 1;
    }
  });

  test('answers a full disk with a typed error, stays readable and whole', async () => {
    const start = makeStoreStart();
    // 512-byte blocks; the write past them fails with EFBIG.
    const child = startWriter(start, { first: 1, limit: 'ulimit -f 800' });
    let last = 0;
    let end: FromWriter | undefined;
    child.on('message', (message: FromWriter) => {
      if ('acknowledged' in message) last = message.acknowledged;
      else end = message;
    });
    expect((await once(child, 'close'))[0]).toBe(0);
    expect(last).toBeGreaterThan(5);
    expect(end).toEqual({ refused: 'InsufficientResources', readable: last });
    const { rows, twins } = readRows(start);
    expect(rows).toHaveLength(last);
    expect(twins).toEqual(rows);
  });
});
