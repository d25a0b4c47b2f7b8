import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { completionOf } from '../../fakes/fake-daemon.ts';
import { chat, started, untilCancelled, wordsHandler } from '../../support/client-run.ts';

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
      for await (const { delta } of stream) expect(delta).toBe('x');
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
    for await (const { delta } of stream) {
      seen += delta.length > 0 ? 1 : 0;
      if (seen === 1) {
        for (let before = -1; before !== sent;) {
          before = sent;
          await sleep(200);
        }
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
    for await (const { delta } of run.client.llm.chat(chat)) {
      seen += delta.length > 0 ? 1 : 0;
      if (seen % 500 === 1) await run.client.daemon.ping();
    }
    expect(seen).toBe(2000);
  });
});
