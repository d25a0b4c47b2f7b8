import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchWorker } from '../../../../daemon/workers/launch.ts';
import { canRestrictFiles } from '../../../support/landlock.ts';

const ENTRY = new URL('../../../fakes/store-breakout/main.ts', import.meta.url);
const CANARY = 'canary of another app';

let folder: string;
let own: string;

beforeAll(() => {
  // Outside the system's temporary folder, as stores are.
  folder = mkdtempSync(join(import.meta.dirname, '.stores-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Lays out two stores, and answers what a process of the first may do to the second. */
async function breakOut(confinesReads: boolean): Promise<Record<string, string>> {
  own = mkdtempSync(join(folder, 'own-'));
  const other = mkdtempSync(join(folder, 'other-'));
  mkdirSync(join(other, 'store'));
  const file = join(other, 'store', 'canary');
  const database = join(other, 'store', 'plain.db');
  writeFileSync(file, CANARY);
  writeFileSync(`${file}.node`, CANARY);
  writeFileSync(join(own, 'mine'), '');
  const require = createRequire(import.meta.url);
  const Sqlite = require('better-sqlite3-multiple-ciphers') as new (path: string) => {
    exec(sql: string): void;
    close(): void;
  };
  const plain = new Sqlite(database);
  plain.exec('CREATE TABLE t (a)');
  plain.close();
  const child = launchWorker({ entry: ENTRY, writableFolders: [own], confinesReads });
  try {
    const next = async (): Promise<Record<string, unknown>> =>
      ((await once(child, 'message')) as [Record<string, unknown>])[0];
    expect(await next()).toEqual({ type: 'sealed' });
    child.send({ type: 'start', start: {} });
    expect(await next()).toMatchObject({ type: 'ready' });
    child.send({ type: 'call', id: 1, op: 'describeSeal', params: {} });
    expect(await next()).toMatchObject({ result: { areFilesConfined: confinesReads } });
    child.send({ type: 'call', id: 2, op: 'breakOut', params: { own, file, database } });
    return (await next())['result'] as Record<string, string>;
  } finally {
    child.kill('SIGKILL');
  }
}

describe.runIf(canRestrictFiles())('a process confined to its folder', () => {
  test('reads, lists, links, attaches and loads nothing of another store or of the user', async () => {
    const told = await breakOut(true);
    const refusals = ['EACCES', 'EPERM', 'EXDEV', 'SQLITE_CANTOPEN', 'Permission denied'];
    refusals.push('Operation not permitted');
    const open = Object.entries(told).filter(([, code]) => !refusals.includes(code));
    expect(open).toEqual([]);
    expect(Object.keys(told).length).toBeGreaterThanOrEqual(15);
  });

  test('could do all of that without the confinement, so the proof above proves something', async () => {
    const told = await breakOut(false);
    const reads = ['read a file', 'list the folder around', 'list the root', 'read who is here'];
    for (const way of [...reads, 'ATTACH another database']) expect(told[way]).toBe('done');
  });
});
