import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EXIT_COUNTED_ON } from '../../../../daemon/workers/store/ops/opening-ops.ts';
import { startStoreProcess } from '../../../support/store-process.ts';
import { makeStoreStart } from '../../../support/temporary-store.ts';

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
    const many = 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1000)';
    for (const sql of [
      `${many} SELECT count(*) FROM (SELECT DISTINCT randomblob(2000000) FROM n)`,
      `${many} SELECT length(b) FROM (SELECT randomblob(2000000) AS b, x FROM n ORDER BY b)`,
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

test('where files are not confined SQL is off, and the typed methods work', async () => {
  const { call } = await startStoreProcess(makeStoreStart(), { confinesReads: false });
  const refused = { error: { reason: 'Unavailable', details: { rule: 'not_confined' } } };
  expect(await call('exec', { sql: 'CREATE TABLE t (x)' })).toMatchObject(refused);
  expect(await call('query', { sql: 'SELECT 1', limit: 1 })).toMatchObject(refused);
  expect(await call('batch', { statements: [] })).toMatchObject(refused);
  expect(await call('migrate', { migrations: [] })).toMatchObject(refused);
  expect(await call('createCollection', { collection: 'notes' })).toMatchObject({ type: 'result' });
  expect(await call('describeWalls', {})).toMatchObject({
    result: { areFilesConfined: false, areStatementsGuarded: true },
  });
});

test('a store says which walls stand', async () => {
  const { call } = await startStoreProcess(makeStoreStart());
  expect(await call('describeWalls', {})).toMatchObject({
    result: { areFilesConfined: true, areStatementsGuarded: true },
  });
});
