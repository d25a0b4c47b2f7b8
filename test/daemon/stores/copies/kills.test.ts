import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { inspectCopy } from '../../../../daemon/stores/copies/copy-files.ts';
import { findKey } from '../../../../daemon/stores/copies/restore.ts';
import { listDamage } from '../../../../daemon/stores/database/integrity.ts';
import type { StoreStart } from '../../../../daemon/workers/store/ops.ts';
import type { CopyTask } from '../../../support/copy-worker.ts';
import { add, count, fill } from '../../../support/filled-store.ts';
import { type EngineCalls, openEngine } from '../../../support/open-engine.ts';
import { createRandom } from '../../../support/random.ts';
import { makeStoreStart } from '../../../support/temporary-store.ts';

const WORKER = new URL('../../../support/copy-worker.ts', import.meta.url).pathname;
/** As `LOCARA_KILLS=200`. */
const KILLS = Number(process.env['LOCARA_KILLS'] ?? 5);
/** The same delays every time; another seed for another hunt. */
const SEED = Number(process.env['LOCARA_TEST_SEED'] ?? 20_261_121);
/** An operation on this store takes about as long; kills fall anywhere in it. */
const SPAN_MS = 120;

/** Runs the calls in a process that is killed some time after it has opened the store; what it was heard to have done. */
async function runKilled(task: CopyTask, afterMs: number): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, ['--conditions=locara-source', WORKER], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  let done = 0;
  const exited = once(child, 'close');
  const opened = Promise.withResolvers<undefined>();
  child.on('message', (message: object) => {
    if ('opened' in message) opened.resolve(undefined);
    else done += 1;
  });
  child.send(task);
  await Promise.race([opened.promise, exited]);
  await sleep(afterMs);
  child.kill('SIGKILL');
  await exited;
  return done;
}

const random = createRandom(SEED);
const delays = Array.from({ length: KILLS }, (_, kill) => (kill * SPAN_MS) / KILLS + random() * 10);

function assertClean(start: StoreStart): void {
  const folder = dirname(start.path);
  const names = readdirSync(folder, { recursive: true }).map(String);
  expect(names.filter((name) => /scratch|-next/.test(name))).toEqual([]);
}

function openWhole(start: StoreStart): EngineCalls {
  const store = openEngine(start);
  expect(store.call('checkStore', {})).toMatchObject({ state: 'whole', problems: [] });
  assertClean(start);
  return store;
}

function makeFilled(): StoreStart {
  const start = makeStoreStart();
  const store = openEngine(start);
  fill(store);
  store.close();
  return start;
}

describe(`kill −9 (LOCARA_TEST_SEED=${SEED})`, () => {
  test('during backups loses no acknowledged write and leaves whole copies alone', async () => {
    const start = makeFilled();
    const insert = {
      op: 'exec',
      params: { sql: "INSERT INTO notes (body) VALUES ('x')" },
    } as const;
    const backup = { op: 'createBackup', params: { isOptedIn: true } } as const;
    let rows = 2000;
    for (const delay of delays) {
      const calls = Array.from({ length: 20 }, () => [insert, backup]).flat();
      const done = await runKilled({ start, calls }, delay);
      const store = openWhole(start);
      expect(count(store)).toBeGreaterThanOrEqual(rows + Math.ceil(done / 2));
      const { backups } = store.call('listBackups', {});
      const path = (id: string): string => join(dirname(start.path), 'backups', `${id}.db`);
      for (const { id } of backups) {
        const damage = inspectCopy(path(id), start.keys[0] ?? new Uint8Array(), listDamage);
        expect(damage).toEqual([]);
      }
      rows = Number(count(store));
      store.close();
    }
  }, 600_000);

  test('during a restore leaves what was there or what was put back', async () => {
    const start = makeFilled();
    for (const delay of delays) {
      const before = openEngine(start);
      before.call('restoreBackup', { backup: before.call('createBackup', { isOptedIn: true }).id });
      const rows = Number(count(before));
      const { id } = before.call('createBackup', { isOptedIn: true });
      add(before);
      before.close();
      const calls = [{ op: 'restoreBackup', params: { backup: id } }] as const;
      const done = await runKilled({ start, calls }, delay);
      const store = openWhole(start);
      expect(done === 1 ? [rows] : [rows, rows + 1]).toContain(count(store));
      store.close();
    }
  }, 600_000);

  test('during a change of the key leaves all files under the old one or all under the new one', async () => {
    const start = makeFilled();
    const first = openEngine(start);
    first.call('createBackup', { isOptedIn: true });
    first.call('createBackup', { isOptedIn: true });
    first.close();
    let [current] = start.keys;
    for (const delay of delays) {
      const next = randomBytes(32);
      const keys = [current ?? next, next];
      const calls = [{ op: 'rotateKey', params: { key: next } }] as const;
      const done = await runKilled({ start: { ...start, keys }, calls }, delay);
      const store = openWhole({ ...start, keys });
      expect(count(store)).toBe(2000);
      const { keyIndex } = store.call('describeOpening', {});
      if (done === 1) expect(keyIndex).toBe(1);
      current = keys[keyIndex];
      const backups = join(dirname(start.path), 'backups');
      for (const { id } of store.call('listBackups', {}).backups) {
        expect(findKey(join(backups, `${id}.db`), keys)).toBe(current);
      }
      store.close();
    }
  }, 600_000);

  test('during migrations leaves each of them whole or not there', async () => {
    const start = makeFilled();
    const migrationsUpTo = (version: number) =>
      Array.from({ length: version }, (_, index) => ({
        version: index + 1,
        name: `m${index + 1}`,
        sql: `CREATE TABLE m${index + 1} (x); CREATE INDEX i${index + 1} ON notes (body, id)`,
      }));
    let reached = 0;
    for (const delay of delays) {
      const calls = Array.from({ length: 8 }, (_, step) => ({
        op: 'migrate' as const,
        params: { migrations: migrationsUpTo(reached + step + 1) },
      }));
      const done = await runKilled({ start, calls }, delay);
      const store = openWhole(start);
      const { schemaVersion, tables } = store.call('describeStore', {});
      expect(schemaVersion).toBeGreaterThanOrEqual(reached + done);
      expect(tables.filter((name) => /^m\d+$/.test(name))).toHaveLength(schemaVersion);
      expect(count(store)).toBe(2000);
      reached = schemaVersion;
      store.close();
    }
  }, 600_000);
});
