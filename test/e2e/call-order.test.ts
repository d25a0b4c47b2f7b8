import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { openSession, type RawCredentials, type Wire } from '../support/raw-client.ts';

let daemon: DaemonProcess;
let notes: RawCredentials;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  notes = await installSample(daemon.controlSocket);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

const lineOf = (id: string, method: string, params: object): string =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
const answerTo = (wire: Wire, wanted: string) => wire.next(({ id }) => id === wanted);

test('calls of one connection begin in the order in which they were sent, also behind one that takes a turn to look into', async () => {
  const wire = await openSession(daemon.appSocket, notes);
  await wire.call('db.exec', { sql: 'CREATE TABLE notes (body TEXT)' });
  const body = 'x'.repeat(512 * 1024);
  wire.sendRaw(
    lineOf('insert', 'db.exec', { sql: 'INSERT INTO notes VALUES (?)', params: [body] }) +
      lineOf('count', 'db.query', { sql: 'SELECT count(*) AS count FROM notes' }),
  );
  expect((await answerTo(wire, 'count')).result).toMatchObject({ rows: [{ count: 1 }] });
  expect((await answerTo(wire, 'insert')).error).toBeUndefined();
  wire.end();
});

test('what is sent before the peer ends its side is answered, also behind a call that takes turns to look into', async () => {
  const wire = await openSession(daemon.appSocket, notes);
  wire.socket.allowHalfOpen = true;
  const params = Array.from({ length: 30_000 }, (_, n) => ({ n }));
  wire.socket.end(
    lineOf('long', 'db.exec', { sql: 'SELECT 1', params }) +
      lineOf('ping', 'daemon.ping', {}) +
      lineOf('none', 'no.such.method', {}),
  );
  await wire.closed();
  const answered = wire.received.map(({ id }) => id).filter((id) => typeof id === 'string');
  expect(answered.toSorted()).toEqual(['long', 'none', 'ping']);
});
