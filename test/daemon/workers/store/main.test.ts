import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { EXIT_COUNTED_ON } from '../../../../daemon/workers/store/ops/opening-ops.ts';
import type { FromWorker, ToWorker } from '../../../../daemon/workers/messages.ts';
import { toSealEnvironment } from '../../../../daemon/workers/seal/settings.ts';
import type { StoreOps, StoreStart } from '../../../../daemon/workers/store/ops.ts';
import { makeStoreStart } from '../../../support/temporary-store.ts';

/** The real store process, sealed and loaded; answers one call after the other. */
async function startStoreProcess(start: StoreStart) {
  const child = fork(new URL('../../../../daemon/workers/store/main.ts', import.meta.url), {
    execArgv: ['--conditions=locara-source'],
    serialization: 'advanced',
    env: toSealEnvironment([dirname(start.path)]),
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  expect(await nextMessage(child)).toEqual({ type: 'sealed' });
  expect(await ask(child, { type: 'start', start })).toMatchObject({ type: 'ready' });
  let id = 0;
  const call = <O extends keyof StoreOps>(op: O, params: StoreOps[O]['params']) =>
    ask(child, { type: 'call', id: (id += 1), op, params });
  return { child, call };
}

function ask(child: ChildProcess, message: ToWorker): Promise<FromWorker> {
  child.send(message);
  return nextMessage(child);
}

async function nextMessage(child: ChildProcess): Promise<FromWorker> {
  const [message] = (await once(child, 'message')) as [FromWorker];
  return message;
}

test('the sealed store process opens its database and answers', async () => {
  const { call } = await startStoreProcess(makeStoreStart());
  expect(await call('exec', { sql: 'CREATE TABLE t (x)' })).toMatchObject({
    type: 'result',
    result: { changes: 0 },
  });
  expect(await call('exec', { sql: 'VACUUM' })).toMatchObject({
    type: 'error',
    error: { details: { rule: 'sql_forbidden' } },
  });
});

test('asked to end, it leaves one whole file and no log', async () => {
  const start = makeStoreStart();
  const { child, call } = await startStoreProcess(start);
  await call('exec', { sql: 'CREATE TABLE t (x)' });
  await call('exec', { sql: 'INSERT INTO t VALUES (randomblob(100000))' });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([EXIT_COUNTED_ON, null]);
  expect(existsSync(`${start.path}-wal`)).toBe(false);
  expect(readFileSync(start.path).length).toBeGreaterThan(100_000);
});

test.runIf(process.platform === 'linux')(
  'a statement that wants too much memory is refused, and the next one runs',
  async () => {
    const { child, call } = await startStoreProcess(makeStoreStart());
    for (const sql of [
      'SELECT zeroblob(400000000)',
      'SELECT hex(randomblob(200000000))',
      'SELECT length(randomblob(250000000) || randomblob(250000000))',
    ]) {
      expect(await call('query', { sql, limit: 1 })).toMatchObject({
        error: { reason: 'InsufficientResources', details: { rule: 'memory' } },
      });
    }
    expect(await call('query', { sql: 'SELECT 1 AS x', limit: 1 })).toMatchObject({
      result: { rows: [{ x: 1 }] },
    });
    const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
    expect(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])).toBeLessThan(800 * 1024);
  },
);
