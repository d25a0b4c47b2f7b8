import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError, createClient } from '@locara/client';
import { describe, expect, test, vi } from 'vitest';
import { FakeDaemon } from '../../fakes/fake-daemon.ts';
import { chat, started, untilCancelled } from '../../support/client-run.ts';

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
    }, 30_000);
    await run.daemon.die();
    await lost;
    await run.daemon.listen();
    expect(await run.client.daemon.ping()).toEqual({ ok: true });
    expect(run.daemon.received.filter((method) => method === 'llm.chat')).toHaveLength(1);
  });

  test('is connected to once by the calls that are made together after it', async () => {
    await using run = await started({ 'daemon.ping': () => ({ ok: true }) });
    await run.client.daemon.ping();
    await endSession(run);
    await Promise.all([1, 2, 3].map(() => run.client.daemon.ping()));
    expect(run.daemon.received.filter((method) => method === 'session.hello')).toHaveLength(2);
  });

  test('ends at `close` with all that still waits for it, also where a newer connection is open', async () => {
    await using run = await started({
      'llm.chat': () => new Promise(() => undefined),
      'daemon.ping': () => ({ ok: true }),
    });
    const stream = run.client.llm.chat(chat);
    const ended = expect(stream).rejects.toMatchObject({
      code: 'ConnectionClosed',
      message: 'The client was closed.',
    });
    await vi.waitFor(() => {
      expect(run.daemon.received).toContain('llm.chat');
    }, 30_000);
    await endSession(run);
    await run.client.daemon.ping();
    await run.client.close();
    await ended;
    await vi.waitFor(() => {
      expect(run.daemon.connections.size).toBe(0);
    }, 30_000);
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
    }, 30_000);
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

type Run = Awaited<ReturnType<typeof started>>;

/** What a daemon says before it ends a connection, which stays open here. */
async function endSession({ client, daemon }: Run): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  client.on('session.ended', resolve);
  daemon.notify('session.ended', { reason: 'updated', message: 'Updated.' });
  await promise;
}
