import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import {
  authenticate,
  openWire,
  type RawCredentials,
  type Wire,
  type WireMessage,
} from '../support/raw-client.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

let daemon: DaemonProcess;
let notes: RawCredentials;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  notes = await installSample(daemon.controlSocket);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

const open = (): Promise<Wire> => openWire(daemon.appSocket);
async function openSession(): Promise<Wire> {
  const wire = await open();
  expect((await authenticate(wire, notes)).error).toBeUndefined();
  return wire;
}
const reasonOf = (message: WireMessage): string | undefined => message.error?.data.reason;
const endOf = (wire: Wire): Promise<WireMessage> => wire.next(({ id }) => id === null);
const answerTo = (wire: Wire, wanted: string | number): Promise<WireMessage> =>
  wire.next(({ id, method }) => id === wanted && method === undefined);
const longChat = { messages: [{ role: 'user', content: 'Once' }], maxTokens: 2000, temperature: 1 };
/** A ping in a line of exactly so many bytes, the ending not counted. */
const pingOf = (bytes: number, id = ''): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'daemon.ping' }).padEnd(bytes, ' ');

describe('lines', () => {
  test.each([
    ['before authentication', 64 * KIB, open],
    ['in a session', 4 * MIB, openSession],
  ])('%s the limit holds to the byte', async (_when, limit, openAny) => {
    const exact = await openAny();
    // Ids of their own: both lines may come in one read, and the id of an open call is refused.
    exact.sendRaw(`${pingOf(limit, 'LF')}\n`);
    exact.sendRaw(`${pingOf(limit, 'CRLF')}\r\n`);
    for (const id of ['LF', 'CRLF']) {
      expect((await answerTo(exact, id)).result).toEqual({ ok: true });
    }
    exact.end();
    const over = await openAny();
    over.sendRaw(`${pingOf(limit + 1)}\n`);
    const end = await endOf(over);
    expect(reasonOf(end)).toBe('PayloadTooLarge');
    expect(end.error?.data.details).toEqual({ limitBytes: limit });
    await over.closed();
  });

  test('CRLF, empty lines and a line cut anywhere are read', async () => {
    const wire = await open();
    for (const byte of '\r\n\n{"jsonrpc":"2.0","id":"ü€😀","method":"daemon.ping"}\r\n') {
      wire.sendRaw(byte);
      await new Promise(setImmediate);
    }
    expect((await answerTo(wire, 'ü€😀')).result).toEqual({ ok: true });
    wire.end();
  });

  test.each([
    ['a byte order mark', '\ufeff{"jsonrpc":"2.0","id":1,"method":"daemon.ping"}\n', 'ParseError'],
    ['a NUL', '{"jsonrpc":"2.0",\0"id":1,"method":"daemon.ping"}\n', 'ParseError'],
    ['a line of spaces', '   \n', 'ParseError'],
    ['a raw lone surrogate', Buffer.from('22eda08022 0a'.replace(' ', ''), 'hex'), 'ParseError'],
    ['id 1e400', '{"jsonrpc":"2.0","id":1e400,"method":"daemon.ping"}\n', 'InvalidRequest'],
    ['id 2^53', '{"jsonrpc":"2.0","id":9007199254740992,"method":"x"}\n', 'InvalidRequest'],
    ['id true', '{"jsonrpc":"2.0","id":true,"method":"x"}\n', 'InvalidRequest'],
    ['an id array', '{"jsonrpc":"2.0","id":[1],"method":"x"}\n', 'InvalidRequest'],
    [
      'an endless id',
      `{"jsonrpc":"2.0","id":"${'a'.repeat(257)}","method":"x"}\n`,
      'InvalidRequest',
    ],
    ['neither request nor notification', '{"jsonrpc":"2.0"}\n', 'InvalidRequest'],
  ])('%s ends the connection', async (_name, bytes, reason) => {
    const wire = await open();
    wire.sendRaw(bytes);
    expect(reasonOf(await endOf(wire))).toBe(reason);
    await wire.closed();
  });

  test.each([
    0,
    -1,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    '',
    '1',
    '__proto__',
    'a\n"b"\\\u0000',
    '\ud800',
    '😀'.repeat(128),
  ])('the id %j comes back as it went', async (id) => {
    const wire = await open();
    expect((await wire.call('daemon.ping', {}, id)).result).toEqual({ ok: true });
    wire.end();
  });

  test('1 and "1" are two ids', async () => {
    const wire = await openSession();
    wire.send({ jsonrpc: '2.0', id: 1, method: 'llm.chat', params: longChat });
    wire.send({ jsonrpc: '2.0', id: '1', method: 'daemon.ping' });
    expect((await answerTo(wire, '1')).result).toEqual({ ok: true });
    wire.end();
  });

  test('an error about a long key is short', async () => {
    const wire = await openSession();
    const documents = Object.fromEntries([['k'.repeat(2 * MIB), 1]]);
    const answer = await wire.call('db.exec', {
      sql: 'SELECT :k',
      params: { ...documents, b: {} },
    });
    expect(answer.error).toBeDefined();
    expect(JSON.stringify(answer).length).toBeLessThan(10_000);
    wire.end();
  });
});
