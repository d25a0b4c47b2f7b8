import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';

let daemon: DaemonProcess;
let credentials: RawCredentials;

beforeAll(async () => {
  daemon = await startDaemonProcess({ environment: { LOCARA_AUTH_TIMEOUT_MS: '3000' } });
  credentials = await installSample(daemon.controlSocket);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

const open = (): Promise<Wire> => openWire(daemon.appSocket);
async function openSession(): Promise<Wire> {
  const wire = await open();
  const answer = await authenticate(wire, credentials);
  expect(answer.error).toBeUndefined();
  return wire;
}
async function expectEnd(wire: Wire, reason: string): Promise<void> {
  const last = await wire.next((message) => message.id === null);
  expect(last.error?.data.reason).toBe(reason);
  await wire.closed();
}
async function expectOthersUnharmed(): Promise<void> {
  const wire = await open();
  expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
  wire.end();
}

describe('before authentication', () => {
  test('ping and discover are public', async () => {
    const wire = await open();
    expect((await wire.call('daemon.ping', {})).result).toEqual({ ok: true });
    const discovered = await wire.call('rpc.discover');
    expect(discovered.result).toMatchObject({ openrpc: '1.3.2' });
    wire.end();
  });

  test.each(['daemon.status', 'llm.chat', 'no.such', 'constructor', '__proto__', 'toString'])(
    '%s answers Unauthenticated',
    async (method) => {
      const wire = await open();
      const { error } = await wire.call(method, {});
      expect(error).toMatchObject({ code: -32001, data: { reason: 'Unauthenticated' } });
      wire.end();
    },
  );

  test('a silent client is let go after the authentication time', async () => {
    const wire = await open();
    await wire.closed();
  });

  test('one byte at a time ends with the authentication time', async () => {
    const wire = await open();
    const timer = setInterval(() => {
      wire.sendRaw('{');
    }, 100);
    await wire.closed();
    clearInterval(timer);
  });

  test('a line over 64 KiB is PayloadTooLarge and the end', async () => {
    const wire = await open();
    wire.sendRaw(Buffer.alloc(65 * 1024, 0x20));
    await expectEnd(wire, 'PayloadTooLarge');
    await expectOthersUnharmed();
  });
});

describe('malformed input', () => {
  test.each([
    ['not JSON', 'hello\n', 'ParseError'],
    ['half JSON', '{"jsonrpc":"2.0",\n', 'ParseError'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]), 'ParseError'],
    ['too deep', `${'['.repeat(20_000)}${']'.repeat(20_000)}\n`, 'ParseError'],
    [
      'depth 65',
      `{"jsonrpc":"2.0","id":1,"method":"daemon.ping","params":${'{"a":'.repeat(64)}1${'}'.repeat(64)}}\n`,
      'ParseError',
    ],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"daemon.ping"}]\n', 'InvalidRequest'],
    ['an empty batch', '[]\n', 'InvalidRequest'],
    ['a number', '42\n', 'InvalidRequest'],
    ['a null id', '{"jsonrpc":"2.0","id":null,"method":"daemon.ping"}\n', 'InvalidRequest'],
    ['a fractional id', '{"jsonrpc":"2.0","id":1.5,"method":"daemon.ping"}\n', 'InvalidRequest'],
    ['an object as id', '{"jsonrpc":"2.0","id":{},"method":"daemon.ping"}\n', 'InvalidRequest'],
  ])('%s gets %s and the end', async (_name, bytes, reason) => {
    const wire = await open();
    wire.sendRaw(bytes);
    await expectEnd(wire, reason);
  });

  test.each(['GET / HTTP/1.1\r\n\r\n', 'POST /api HTTP/1.1\r\n', 'PRI * HTTP/2.0\r\n\r\n'])(
    'bytes that look like HTTP close at once: %j',
    async (bytes) => {
      const wire = await open();
      wire.sendRaw(bytes);
      await wire.closed(2500);
      expect(wire.received).toEqual([]);
    },
  );

  test('a wrong jsonrpc member is refused under its id and the connection goes on', async () => {
    const wire = await open();
    wire.send({ jsonrpc: '1.0', id: 7, method: 'daemon.ping' });
    expect((await wire.next(({ id }) => id === 7)).error?.data.reason).toBe('InvalidRequest');
    expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
    wire.end();
  });

  test('notifications other than cancel do nothing', async () => {
    const wire = await open();
    wire.send({ jsonrpc: '2.0', method: 'daemon.ping' });
    wire.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'unknown' } });
    wire.send({ jsonrpc: '2.0', method: '$/cancel' });
    expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
    wire.end();
  });
});

describe('in a session', () => {
  test('5 MiB in one line is PayloadTooLarge and the end; others go on', async () => {
    const other = await openSession();
    const wire = await openSession();
    wire.sendRaw(Buffer.alloc(5 * 1024 * 1024, 0x20));
    await expectEnd(wire, 'PayloadTooLarge');
    expect((await other.call('daemon.ping')).result).toEqual({ ok: true });
    other.end();
  });

  test('too many values are PayloadTooLarge', async () => {
    const wire = await openSession();
    wire.sendRaw(`[${'0,'.repeat(70_000)}0]\n`);
    await expectEnd(wire, 'PayloadTooLarge');
  });

  test('an id that is in flight ends the connection', async () => {
    const wire = await openSession();
    const chat = { messages: [{ role: 'user', content: 'Once' }], maxTokens: 200 };
    wire.send({ jsonrpc: '2.0', id: 'same', method: 'llm.chat', params: chat });
    wire.send({ jsonrpc: '2.0', id: 'same', method: 'daemon.ping' });
    await expectEnd(wire, 'InvalidRequest');
  });

  test('unknown methods and unknown params are typed errors without values', async () => {
    const wire = await openSession();
    expect((await wire.call('no.such', {})).error?.data.reason).toBe('MethodNotFound');
    const secret = 'my-secret-value';
    const answer = await wire.call('embed.create', { input: 'x', [secret]: secret });
    expect(answer.error).toMatchObject({ code: -32602, data: { reason: 'InvalidParams' } });
    const typed = await wire.call('llm.chat', { messages: [{ role: secret, content: 1 }] });
    expect(typed.error?.data.reason).toBe('InvalidParams');
    expect(JSON.stringify(typed)).not.toContain(secret);
    wire.end();
  });

  test('__proto__ in params is refused as an unknown key', async () => {
    const wire = await openSession();
    wire.sendRaw(
      '{"jsonrpc":"2.0","id":"p","method":"daemon.ping","params":{"__proto__":{"x":1}}}\n',
    );
    expect((await wire.next(({ id }) => id === 'p')).error?.data.reason).toBe('InvalidParams');
    wire.end();
  });

  test('a length that cannot become a number is InvalidParams, not a bug', async () => {
    const wire = await openSession();
    const unmeasurable = { length: { valueOf: 1, toString: 1 } };
    for (const params of [{ model: unmeasurable }, { model: 'x', progressToken: unmeasurable }]) {
      const { error } = await wire.call('models.ensure', params);
      expect(error?.data.reason).toBe('InvalidParams');
    }
    wire.end();
  });

  test('params that are an array or null are InvalidParams', async () => {
    const wire = await openSession();
    expect((await wire.call('daemon.ping', [1])).error?.data.reason).toBe('InvalidParams');
    expect((await wire.call('daemon.ping', null)).error?.data.reason).toBe('InvalidParams');
    wire.end();
  });

  test('over 32 calls in flight the next one is Busy', async () => {
    const wire = await openSession();
    const chat = { messages: [{ role: 'user', content: 'Once' }], maxTokens: 400 };
    for (let id = 0; id < 33; id += 1) {
      wire.send({ jsonrpc: '2.0', id, method: 'llm.chat', params: chat });
    }
    const refused = await wire.next(({ id }) => id === 32);
    expect(refused.error).toMatchObject({
      code: -32029,
      data: { reason: 'Busy', retryable: true },
    });
    expect(refused.error?.data.details?.['retryAfterMs']).toBeGreaterThan(0);
    wire.end();
  });

  test('a cancel in the line after a large call reaches it', async () => {
    const wire = await openSession();
    const call = {
      jsonrpc: '2.0',
      id: 'large',
      method: 'privacy.detect',
      params: { text: 'call 415 555 0132 '.repeat(50_000) },
    };
    const cancel = { jsonrpc: '2.0', method: '$/cancel', params: { id: 'large' } };
    wire.sendRaw(`${JSON.stringify(call)}\n${JSON.stringify(cancel)}\n`);
    const { error } = await wire.next(({ id }) => id === 'large');
    expect(error?.data.reason).toBe('Cancelled');
    wire.end();
  });

  test('cancel answers Cancelled and the call after it works', async () => {
    const wire = await openSession();
    const chat = { messages: [{ role: 'user', content: 'Once' }], maxTokens: 400, temperature: 1 };
    wire.send({ jsonrpc: '2.0', id: 'c', method: 'llm.chat', params: chat });
    await wire.next(({ method }) => method === '$/chunk');
    wire.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: 'c' } });
    const answer = await wire.next(({ id }) => id === 'c');
    expect(answer.error).toMatchObject({ code: -32800, data: { reason: 'Cancelled' } });
    expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
    wire.end();
  });

  test('a client that never reads is dropped and others are served', async () => {
    const wire = await openSession();
    wire.socket.pause();
    for (let id = 0; id < 2000; id += 1)
      wire.send({ jsonrpc: '2.0', id: `d${id}`, method: 'rpc.discover' });
    await expectOthersUnharmed();
    wire.end();
  });

  test('1,000 connections at once leave the daemon answering', async () => {
    const wires = await Promise.all(Array.from({ length: 1000 }, () => open()));
    await expectOthersUnharmed();
    for (const wire of wires) wire.end();
    await expectOthersUnharmed();
  });
});
