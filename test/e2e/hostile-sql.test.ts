import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';
import { BOMBS, ESCAPES } from '../support/sql-attacks.ts';

const REASONS = [
  'InvalidParams',
  'PayloadTooLarge',
  'InsufficientResources',
  'Timeout',
  'Conflict',
  'QuotaExceeded',
];
/** The budget of a query, and room for a store that starts anew on a busy machine. */
const ANSWER_MS = 30_000;
const CANARY = 'canary of the other app';

let daemon: DaemonProcess;
let app: Wire;
let other: Wire;
let pinger: Wire;
let outside: string;

async function connect(credentials: RawCredentials): Promise<Wire> {
  const wire = await openWire(daemon.appSocket);
  await authenticate(wire, credentials);
  return wire;
}

beforeAll(async () => {
  daemon = await startDaemonProcess();
  const hostile = await installSample(daemon.controlSocket, { name: 'hostile' });
  const victim = await installSample(daemon.controlSocket, { name: 'victim' });
  app = await connect(hostile);
  other = await connect(victim);
  pinger = await openWire(daemon.appSocket);
  outside = join(daemon.home, 'outside.db');
  writeFileSync(outside, '');
  await app.call('db.exec', { sql: 'CREATE TABLE t (a, b)' });
  await app.call('db.exec', { sql: "INSERT INTO t VALUES (1, 'kept')" });
  await other.call('db.exec', { sql: 'CREATE TABLE t (a)' });
  await other.call('db.exec', { sql: 'INSERT INTO t VALUES (?)', params: [CANARY] });
});
afterAll(async () => {
  for (const wire of [app, other, pinger]) wire.end();
  await daemon[Symbol.asyncDispose]();
});

function listStoreFiles(): string[] {
  const folder = join(daemon.home, 'data/stores');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

const pause = (): Promise<boolean> =>
  new Promise((resolve) => {
    setTimeout(resolve, 5, false);
  });

/** Pings all the while, one after the other; answers how long each took, in milliseconds. */
async function pingDuring(work: Promise<unknown>): Promise<number[]> {
  const ended = work.then(
    () => true,
    () => true,
  );
  const times: number[] = [];
  do {
    const startedAt = performance.now();
    await pinger.call('daemon.ping', {});
    times.push(performance.now() - startedAt);
  } while (!(await Promise.race([ended, pause()])));
  return times.sort((a, b) => a - b);
}

describe('hostile SQL through a real daemon', () => {
  test('every escape is refused by its kind, and no file is made or changed by it', async () => {
    const before = listStoreFiles();
    for (const escape of ESCAPES) {
      for (const method of ['db.exec', 'db.query']) {
        const sql = escape.replaceAll('PATH', outside);
        const { error } = await app.call(method, { sql });
        expect({ sql, rule: error?.data.details?.['rule'] }).toMatchObject({
          rule: expect.stringMatching(/^sql_(syntax|forbidden)$/) as string,
        });
      }
    }
    expect(readFileSync(outside).length).toBe(0);
    expect(listStoreFiles()).toEqual(before);
  });

  test.each(Object.entries(BOMBS))(
    'a bomb ends within its budget, and the daemon answers meanwhile: %s',
    async (_name, sql) => {
      const startedAt = performance.now();
      const call = app.call('db.query', { sql, limit: 1 });
      const pings = await pingDuring(call);
      const { error } = await call;
      if (error !== undefined) expect(REASONS).toContain(error.data.reason);
      expect(performance.now() - startedAt).toBeLessThan(ANSWER_MS);
      // The machine of a test is busy; of the daemon itself the middle ping tells.
      expect(pings[Math.floor(pings.length / 2)] ?? 0).toBeLessThan(100);
      const kept = await app.call('db.query', { sql: 'SELECT b FROM t' });
      expect(kept.result).toEqual({ rows: [{ b: 'kept' }] });
    },
  );

  test('too many parameters are a refusal, not an end', async () => {
    for (const count of [40_000, 60_000]) {
      const { error } = await app.call('db.exec', {
        sql: `INSERT INTO t VALUES (?, ${'?,'.repeat(count - 2)}?)`,
        params: Array.from({ length: count }, () => 1),
      });
      expect(REASONS).toContain(error?.data.reason);
    }
  });

  test('a kill amid writing loses nothing acknowledged, and the other app notices nothing', async () => {
    const acknowledged: number[] = [];
    for (let row = 0; row < 20; row += 1) {
      const { error } = await app.call('db.exec', {
        sql: 'INSERT INTO t VALUES (?, ?)',
        params: [100 + row, 'w'],
      });
      if (error === undefined) acknowledged.push(100 + row);
    }
    const bomb =
      'INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 0, i FROM n WHERE i < 0';
    const call = app.call('db.exec', { sql: bomb });
    expect((await other.call('db.query', { sql: 'SELECT a FROM t' })).result).toEqual({
      rows: [{ a: CANARY }],
    });
    expect((await call).error?.data.reason).toBe('Timeout');
    const { result } = await app.call('db.query', { sql: "SELECT a FROM t WHERE b = 'w'" });
    expect((result as { rows: { a: number }[] }).rows.map(({ a }) => a)).toEqual(acknowledged);
  });
});
