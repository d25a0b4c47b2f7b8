import { setTimeout as sleep } from 'node:timers/promises';
import { CALLABLE_METHODS, createClient } from '@locara/client';
import { methods, RpcError } from '@locara/protocol';
import { describe, expect, test, vi } from 'vitest';
import { chat, started, untilCancelled } from '../../support/client-run.ts';

describe('the stubs', () => {
  test('cover every method of the table but the handshake', () => {
    const client = createClient() as unknown as Record<string, unknown>;
    const hidden = ['session.hello', 'session.authenticate'];
    for (const method of Object.keys(methods)) {
      const stub = method
        .split('.')
        .reduce<unknown>((tree, part) => (tree as Record<string, unknown>)[part], client);
      expect(typeof stub).toBe(hidden.includes(method) ? 'undefined' : 'function');
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

test('calls that end with a session say why the daemon ended it', async () => {
  await using run = await started({
    'llm.chat': untilCancelled,
    'daemon.ping': () => ({ ok: true }),
  });
  await run.client.connect();
  const call = expect(run.client.llm.chat(chat)).rejects.toMatchObject({
    code: 'ConnectionClosed',
    message: 'The daemon ended the session. The user revoked the app.',
  });
  run.daemon.notify('session.ended', { reason: 'revoked', message: 'The user revoked the app.' });
  await run.client.daemon.ping();
  for (const connection of run.daemon.connections) connection.destroy();
  await call;
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
