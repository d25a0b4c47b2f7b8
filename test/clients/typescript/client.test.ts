import { mkdtempSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CALLABLE_METHODS, ClientError, createClient, createControlClient } from '@locara/client';
import { methods, RpcError } from '@locara/protocol';
import { describe, expect, test, vi } from 'vitest';
import { completionOf, FakeDaemon } from '../../fakes/fake-daemon.ts';
import type { FakeHandler } from '../../fakes/fake-daemon.ts';

const chat = { messages: [{ role: 'user' as const, content: 'hi' }] };

/** Streams the words, then the text; stops when cancelled. */
const wordsHandler =
  (words: readonly string[]): FakeHandler =>
  ({ chunk }) => {
    words.forEach((delta, sequence) => {
      chunk({ delta }, sequence);
    });
    return completionOf(words.join(''));
  };

const untilCancelled: FakeHandler = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new RpcError('Cancelled', 'The caller cancelled.'));
    });
  });

async function started(handlers: Record<string, FakeHandler>) {
  const daemon = await FakeDaemon.start({ handlers });
  const client = createClient({ credentials: daemon.credentials });
  return {
    daemon,
    client,
    async [Symbol.asyncDispose]() {
      await client.close();
      await daemon[Symbol.asyncDispose]();
    },
  };
}

describe('the stubs', () => {
  test('cover every method of the table but the handshake', () => {
    const client = createClient() as unknown as Record<string, Record<string, unknown>>;
    const hidden = ['session.hello', 'session.authenticate'];
    for (const method of Object.keys(methods)) {
      const [namespace = '', verb = ''] = method.split('.');
      expect(typeof client[namespace]?.[verb]).toBe(
        hidden.includes(method) ? 'undefined' : 'function',
      );
    }
    expect(CALLABLE_METHODS).toHaveLength(Object.keys(methods).length - hidden.length);
  });

  test('connect once for calls that start together', async () => {
    await using run = await started({ 'daemon.ping': () => ({ ok: true }) });
    await Promise.all([run.client.daemon.ping(), run.client.daemon.ping()]);
    expect(run.daemon.received).toEqual([
      'session.hello',
      'session.authenticate',
      'daemon.ping',
      'daemon.ping',
    ]);
  });

  test('strip what the table does not know and refuse what does not fit', async () => {
    let answer: unknown = { ok: true, extra: 1 };
    await using run = await started({ 'daemon.ping': () => answer });
    expect(await run.client.daemon.ping()).toEqual({ ok: true });
    answer = { ok: 'yes' };
    await expect(run.client.daemon.ping()).rejects.toMatchObject({ code: 'InvalidResponse' });
  });

  test('turn the daemon’s errors into RpcErrors with reason and details', async () => {
    await using run = await started({
      'llm.chat': () => {
        throw new RpcError('Busy', 'Full.', { details: { retryAfterMs: 50 } });
      },
    });
    const error = await run.client.llm.chat(chat).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({ reason: 'Busy', retryable: true, details: { retryAfterMs: 50 } });
  });

  test('refuse methods that are not in the table', async () => {
    const client = createClient();
    await expect(client.call('no.such' as 'daemon.ping', {})).rejects.toMatchObject({
      reason: 'MethodNotFound',
    });
  });
});

describe('a streaming call', () => {
  test('is a promise of its result', async () => {
    await using run = await started({ 'llm.chat': wordsHandler(['a', 'b']) });
    expect(await run.client.llm.chat(chat)).toMatchObject({ content: 'ab' });
  });

  test('is an async iterable of its chunks', async () => {
    await using run = await started({ 'llm.chat': wordsHandler(['a', 'b']) });
    const stream = run.client.llm.chat(chat);
    const deltas: string[] = [];
    for await (const { delta } of stream) deltas.push(delta);
    expect(deltas).toEqual(['a', 'b']);
    expect(await stream).toMatchObject({ content: 'ab' });
  });

  test('keeps its chunks for a consumer that starts late', async () => {
    await using run = await started({ 'llm.chat': wordsHandler(['a', 'b']) });
    const stream = run.client.llm.chat(chat);
    await stream;
    const deltas: string[] = [];
    for await (const { delta } of stream) deltas.push(delta);
    expect(deltas).toEqual(['a', 'b']);
  });

  test('hands chunks to a callback with their sequence', async () => {
    await using run = await started({ 'llm.chat': wordsHandler(['a', 'b']) });
    const onChunk = vi.fn();
    await run.client.llm.chat(chat, { onChunk });
    expect(onChunk.mock.calls).toEqual([
      [{ delta: 'a' }, 0],
      [{ delta: 'b' }, 1],
    ]);
  });

  test('is cancelled by leaving the loop', async () => {
    await using run = await started({
      'llm.chat': (call) => {
        call.chunk({ delta: 'a' }, 0);
        return untilCancelled(call);
      },
    });
    const stream = run.client.llm.chat(chat);
    for await (const { delta } of stream) {
      expect(delta).toBe('a');
      break;
    }
    await expect(stream).rejects.toMatchObject({ reason: 'Cancelled' });
    expect(run.daemon.received).toContain('$/cancel');
  });

  test.each([
    ['leaves a gap', [0, 2]],
    ['repeats a number', [0, 0]],
    ['does not start at 0', [1]],
  ])('fails with InvalidResponse and is cancelled when it %s', async (_, sequences) => {
    await using run = await started({
      'llm.chat': (call) => {
        for (const sequence of sequences) call.chunk({ delta: 'x' }, sequence);
        return untilCancelled(call);
      },
      'daemon.ping': () => ({ ok: true }),
    });
    const stream = run.client.llm.chat(chat);
    const read = async () => {
      for await (const chunk of stream) void chunk;
    };
    await expect(read()).rejects.toMatchObject({ code: 'InvalidResponse' });
    expect(await run.client.daemon.ping()).toEqual({ ok: true });
    expect(run.daemon.received).toContain('$/cancel');
  });

  test('fails with InvalidResponse on a chunk of another shape', async () => {
    await using run = await started({
      'llm.chat': (call) => {
        call.chunk({ delta: 5 }, 0);
        return untilCancelled(call);
      },
    });
    await expect(run.client.llm.chat(chat)).rejects.toMatchObject({ code: 'InvalidResponse' });
  });

  test('ends with the error of a callback that throws', async () => {
    await using run = await started({ 'llm.chat': wordsHandler(['a']) });
    const onChunk = () => {
      throw new Error('mine');
    };
    await expect(run.client.llm.chat(chat, { onChunk })).rejects.toThrow('mine');
  });

  test('holds the daemon back when its consumer is slow', async () => {
    const delta = 'x'.repeat(16 * 1024);
    const count = 4096;
    let sent = 0;
    await using run = await started({
      'llm.chat': async ({ chunk, connection }) => {
        for (; sent < count; sent += 1) {
          chunk({ delta }, sent);
          if (connection.socket.writableNeedDrain) {
            await new Promise((resolve) => connection.socket.once('drain', resolve));
          }
        }
        return completionOf('');
      },
    });
    const stream = run.client.llm.chat(chat);
    let seen = 0;
    for await (const chunk of stream) {
      void chunk;
      seen += 1;
      if (seen === 1) {
        await sleep(300);
        expect(sent).toBeLessThan(count);
      }
    }
    expect(seen).toBe(count);
  });

  test('does not block other calls of its consumer, however far behind that is', async () => {
    await using run = await started({
      'llm.chat': wordsHandler(Array.from({ length: 2000 }, () => 'x')),
      'daemon.ping': () => ({ ok: true }),
    });
    let seen = 0;
    for await (const chunk of run.client.llm.chat(chat)) {
      void chunk;
      seen += 1;
      if (seen % 500 === 1) await run.client.daemon.ping();
    }
    expect(seen).toBe(2000);
  });
});

describe('cancelling', () => {
  test('by signal ends the call with the daemon’s answer', async () => {
    await using run = await started({ 'llm.chat': untilCancelled });
    const controller = new AbortController();
    const answer = run.client.llm.chat(chat, { signal: controller.signal });
    setTimeout(() => {
      controller.abort();
    }, 50);
    await expect(answer).rejects.toMatchObject({ name: 'RpcError', reason: 'Cancelled' });
    expect(run.daemon.received.at(-1)).toBe('$/cancel');
  });

  test('before connecting ends the call at once and sends nothing', async () => {
    const client = createClient({ credentials: '/nowhere' });
    const signal = AbortSignal.abort();
    await expect(client.llm.chat(chat, { signal })).rejects.toMatchObject({ reason: 'Cancelled' });
  });

  test('while connecting leaves the attempt to the other calls', async () => {
    const later = new FakeDaemon({ handlers: { 'daemon.ping': () => ({ ok: true }) } });
    await using client = createClient({ credentials: later.credentials });
    const controller = new AbortController();
    const cancelled = client.llm.chat(chat, { signal: controller.signal });
    const ping = client.daemon.ping();
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ reason: 'Cancelled' });
    await later.listen();
    expect(await ping).toEqual({ ok: true });
    expect(later.received).not.toContain('llm.chat');
    await later[Symbol.asyncDispose]();
  });

  test('by time-out ends the call here and tells the daemon', async () => {
    await using run = await started({ 'llm.chat': untilCancelled });
    const call = run.client.llm.chat(chat, { timeoutMs: 100 });
    await expect(call).rejects.toMatchObject({ code: 'RequestTimeout' });
    await vi.waitFor(() => {
      expect(run.daemon.received).toContain('$/cancel');
    });
  });
});

test('progress reaches the call that asked', async () => {
  await using run = await started({
    'embed.create': ({ params, connection }) => {
      const notice = { token: params['progressToken'], stage: 'loading', completed: 1, total: 2 };
      connection.send({ jsonrpc: '2.0', method: '$/progress', params: notice });
      return { embeddings: [[1]], dimensions: 1, usage: { promptTokens: 1 } };
    },
  });
  const onProgress = vi.fn();
  await run.client.embed.create({ input: 'cat' }, { onProgress });
  expect(onProgress.mock.calls).toEqual([[{ stage: 'loading', completed: 1, total: 2 }]]);
});

test('notices reach listeners until they stop listening', async () => {
  await using run = await started({ 'daemon.ping': () => ({ ok: true }) });
  const heard = vi.fn();
  const stop = run.client.on('daemon.draining', heard);
  await run.client.connect();
  run.daemon.notify('daemon.draining', { reason: 'stopping', deadlineMs: 5000 });
  run.daemon.notify('daemon.draining', { reason: 7 });
  await run.client.daemon.ping();
  stop();
  run.daemon.notify('daemon.draining', { reason: 'again', deadlineMs: 1 });
  await run.client.daemon.ping();
  expect(heard.mock.calls).toEqual([[{ reason: 'stopping', deadlineMs: 5000 }]]);
});

describe('a daemon that goes away', () => {
  test('rejects the calls in flight, and the next call connects again', async () => {
    await using run = await started({
      'llm.chat': untilCancelled,
      'daemon.ping': () => ({ ok: true }),
    });
    await run.client.connect();
    const call = run.client.llm.chat(chat);
    const lost = expect(call).rejects.toMatchObject({ code: 'ConnectionClosed' });
    await vi.waitFor(() => {
      expect(run.daemon.received).toContain('llm.chat');
    });
    await run.daemon.die();
    await lost;
    await run.daemon.listen();
    expect(await run.client.daemon.ping()).toEqual({ ok: true });
    expect(run.daemon.received.filter((method) => method === 'llm.chat')).toHaveLength(1);
  });

  test('stays away for a client with reconnect off', async () => {
    await using daemon = await FakeDaemon.start({
      handlers: { 'daemon.ping': () => ({ ok: true }) },
    });
    await using client = createClient({ credentials: daemon.credentials, reconnect: false });
    await client.daemon.ping();
    for (const connection of daemon.connections) connection.destroy();
    await vi.waitFor(async () => {
      await expect(client.daemon.ping()).rejects.toMatchObject({
        code: 'ConnectionClosed',
        message: expect.stringContaining('reconnect') as string,
      });
    });
  });

  test('is waited for while it starts', async () => {
    const later = new FakeDaemon({ handlers: { 'daemon.ping': () => ({ ok: true }) } });
    await using client = createClient({ credentials: later.credentials });
    const ping = client.daemon.ping();
    await sleep(300);
    await later.listen();
    expect(await ping).toEqual({ ok: true });
    await later[Symbol.asyncDispose]();
  });

  test('is given up after the connect time', async () => {
    const never = new FakeDaemon();
    await using client = createClient({ credentials: never.credentials, connectTimeoutMs: 300 });
    await expect(client.daemon.ping()).rejects.toMatchObject({ code: 'ConnectFailed' });
    await never.listen();
    await never[Symbol.asyncDispose]();
  });

  test('ends every call when what it sends is not JSON-RPC', async () => {
    await using run = await started({
      'llm.chat': ({ connection }) => {
        connection.write('{"secret":\n');
        return new Promise(() => undefined);
      },
    });
    const error: unknown = await run.client.llm.chat(chat).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'InvalidResponse' });
    expect(error instanceof ClientError && error.cause).toBeUndefined();
  });
});

test('a closed client refuses calls, and those in flight end', async () => {
  await using run = await started({ 'llm.chat': untilCancelled });
  await run.client.connect();
  const call = expect(run.client.llm.chat(chat)).rejects.toMatchObject({
    code: 'ConnectionClosed',
  });
  await sleep(20);
  await run.client.close();
  await call;
  await expect(run.client.daemon.ping()).rejects.toMatchObject({ code: 'ConnectionClosed' });
});

test('a request over the limit is refused before it is sent', async () => {
  await using run = await started({ 'daemon.ping': () => ({ ok: true }) });
  const prompt = 'x'.repeat(4 * 1024 * 1024);
  await expect(run.client.llm.complete({ prompt })).rejects.toMatchObject({
    reason: 'PayloadTooLarge',
  });
  expect(await run.client.daemon.ping()).toEqual({ ok: true });
  expect(run.daemon.received).not.toContain('llm.complete');
});

describe('credentials', () => {
  test.each([
    ['no file', () => '/nowhere/credentials.json'],
    ['no JSON', () => fileWith('PRIVATE KEY')],
    ['a field missing', () => fileWith('{"appId":"a/b"}')],
  ])('with %s are a ClientError that quotes nothing', async (_, credentials) => {
    const error: unknown = await createClient({ credentials: credentials() })
      .connect()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CredentialsMissing' });
    expect(String(error)).not.toContain('PRIVATE');
  });

  test('are read again at each connect', async () => {
    await using daemon = await FakeDaemon.start({
      handlers: { 'daemon.ping': () => ({ ok: true }) },
    });
    const path = fileWith(JSON.stringify({ ...daemon.credentials, appId: 'acme/other' }));
    await using client = createClient({ credentials: path });
    const first = await client.connect();
    expect(first.app.id).toBe('acme/other');
    writeFileSync(path, JSON.stringify(daemon.credentials));
    for (const connection of daemon.connections) connection.destroy();
    await vi.waitFor(async () => {
      expect((await client.connect()).app.id).toBe('acme/notes');
    });
  });

  test('come from LOCARA_CREDENTIALS when no option names them', async () => {
    await using daemon = await FakeDaemon.start();
    vi.stubEnv('LOCARA_CREDENTIALS', fileWith(JSON.stringify(daemon.credentials)));
    await using client = createClient();
    expect((await client.connect()).app.id).toBe('acme/notes');
    vi.unstubAllEnvs();
    await expect(createClient().connect()).rejects.toMatchObject({ code: 'CredentialsMissing' });
  });
});

test('a blob is uploaded in pieces and committed by its hash', async () => {
  const stored: Buffer[] = [];
  const bytes = Buffer.alloc(1_300_000, 'abc');
  await using run = await started({
    'blobs.create': () => ({ blob: 'b1', expiresAt: '2026-01-01T00:00:00Z' }),
    'blobs.append': ({ params }) => {
      expect(params['offset']).toBe(Buffer.concat(stored).length);
      stored.push(Buffer.from(params['data'] as string, 'base64'));
      return { bytes: Buffer.concat(stored).length };
    },
    'blobs.commit': ({ params }) => {
      expect(params['sha256']).toBe(createHash('sha256').update(bytes).digest('hex'));
      return { blob: 'b1', bytes: bytes.length };
    },
  });
  expect(await run.client.uploadBlob(bytes)).toBe('b1');
  expect(stored.map((piece) => piece.length)).toEqual([524_288, 524_288, 251_424]);
  expect(Buffer.concat(stored).equals(bytes)).toBe(true);
});

test('an upload that fails deletes its blob', async () => {
  await using run = await started({
    'blobs.create': () => ({ blob: 'b1', expiresAt: '2026-01-01T00:00:00Z' }),
    'blobs.append': () => {
      throw new RpcError('QuotaExceeded', 'Full.');
    },
    'blobs.delete': () => ({ deleted: true }),
  });
  await expect(run.client.uploadBlob(Buffer.from('x'))).rejects.toMatchObject({
    reason: 'QuotaExceeded',
  });
  expect(run.daemon.received).toContain('blobs.delete');
});

test('the control client calls without a handshake', async () => {
  await using daemon = await FakeDaemon.start({ handlers: { 'app.list': () => ({ apps: [] }) } });
  await using control = createControlClient({ socket: daemon.socket });
  expect(await control.app.list()).toEqual({ apps: [] });
  expect(await control.call('app.list', {})).toEqual({ apps: [] });
  expect(daemon.received).toEqual(['app.list', 'app.list']);
});

test('the control client says at once that nothing listens', async () => {
  await using control = createControlClient({ socket: '/nowhere/control.sock' });
  await expect(control.status.get()).rejects.toMatchObject({ code: 'ConnectFailed' });
});

function fileWith(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'locara-credentials-')), 'credentials.json');
  writeFileSync(path, text);
  return path;
}
