import { createClient } from '@locara/client';
import { describe, expect, test, vi } from 'vitest';
import { FakeDaemon } from '../../fakes/fake-daemon.ts';
import { chat, started, untilCancelled } from '../../support/client-run.ts';

describe('cancelling', () => {
  test('by signal ends the call with the daemon’s answer', async () => {
    await using run = await started({ 'llm.chat': untilCancelled });
    const controller = new AbortController();
    const answer = run.client.llm.chat(chat, { signal: controller.signal });
    const ended = expect(answer).rejects.toMatchObject({ name: 'RpcError', reason: 'Cancelled' });
    await vi.waitFor(() => {
      expect(run.daemon.received).toContain('llm.chat');
    }, 30_000);
    controller.abort();
    await ended;
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
    await run.client.connect();
    const call = run.client.llm.chat(chat, { timeoutMs: 100 });
    await expect(call).rejects.toMatchObject({ code: 'RequestTimeout' });
    await vi.waitFor(() => {
      expect(run.daemon.received).toContain('$/cancel');
    }, 30_000);
  });
});

test('a BigInt among the params is InvalidParams that names the way, and ends no other call', async () => {
  await using run = await started({ 'daemon.ping': () => ({ ok: true }) });
  const params = { sql: 'SELECT ?', params: [1n as unknown as number] };
  await expect(run.client.db.query(params)).rejects.toMatchObject({
    reason: 'InvalidParams',
    message: expect.stringContaining('toWire') as string,
  });
  expect(await run.client.daemon.ping()).toEqual({ ok: true });
});
