import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import type { CopyTask } from '../../../support/copy-worker.ts';
import { count, fill } from '../../../support/filled-store.ts';
import { openEngine } from '../../../support/open-engine.ts';
import { makeStoreStart } from '../../../support/temporary-store.ts';

const WORKER = new URL('../../../support/copy-worker.ts', import.meta.url).pathname;
const BLOCK_BYTES = 512;

/** Runs the calls where no file can grow past `largestBytes`; what the process told. */
async function runLimited(task: CopyTask, largestBytes: number): Promise<object[]> {
  const limit = `ulimit -f ${Math.floor(largestBytes / BLOCK_BYTES)}`;
  const script = `${limit}; exec "$0" --conditions=locara-source "$1"`;
  const child = spawn('/bin/sh', ['-c', script, process.execPath, WORKER], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const told: object[] = [];
  child.on('message', (message: object) => told.push(message));
  child.send(task);
  // Closed, it has told everything; it may have exited before its last words are read.
  expect((await once(child, 'close'))[0]).toBe(0);
  return told;
}

test('a full disk leaves nothing half: each copy is refused with a typed error, the store is as it was', async () => {
  const start = makeStoreStart();
  const store = openEngine(start);
  fill(store);
  const { id } = store.call('createBackup', { isOptedIn: true });
  store.close();
  const listAll = () => readdirSync(dirname(start.path), { recursive: true }).map(String).sort();
  const before = listAll();
  const refused = [
    { op: 'createBackup', params: { isOptedIn: true } },
    { op: 'restoreBackup', params: { backup: id } },
    { op: 'rotateKey', params: { key: randomBytes(32) } },
    { op: 'beginExport', params: { id: 'e', form: 'jsonl', key: randomBytes(32) } },
    {
      op: 'migrate',
      params: { migrations: [{ version: 1, name: 'a', sql: 'CREATE TABLE a (x)' }] },
    },
  ] as const;
  const check = { op: 'checkStore', params: {} } as const;
  const told = await runLimited(
    { start, calls: [...refused, check] },
    statSync(start.path).size * 0.5,
  );
  expect(told).toMatchObject([
    { opened: true },
    ...refused.map(({ op }) => ({ refused: op, reason: 'InsufficientResources' })),
    { done: 'checkStore', result: { state: 'whole', problems: [] } },
  ]);
  expect(listAll()).toEqual(before);
  expect(count(openEngine(start))).toBe(2000);
});
