import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../../../../daemon/workers/engine.ts';
import { createLlmEngine } from '../../../../../daemon/workers/llm/engine.ts';
import type { LlmOps } from '../../../../../daemon/workers/llm/ops.ts';
import { unpackEmbeddedModel } from '../../../../support/embedded-model.ts';
import { cpuMsDuring } from '../../../../support/cpu-time.ts';

const PROMPTS = [
  'Once upon a time, there was a little girl named Lily.',
  'The big dog ran to the park',
  'Tom and Ann',
  'One day a bird',
  'In a dark forest',
  'The sun',
  'My mother said that',
  'Long ago',
];
/** Where a last bit that differs has become another word in most of them. */
const TOKENS = 300;

let engine: Engine<LlmOps>;
const alone: string[] = [];

beforeAll(async () => {
  const modelPath = unpackEmbeddedModel('stories-260k');
  const start = { modelPath, purpose: 'generate', sequences: 8, threads: 1 } as const;
  ({ engine } = await createLlmEngine({ ...start, contextTokens: 512 }));
  for (const at of PROMPTS.keys()) alone.push((await write(at, `alone ${at}`)).content);
});

async function write(
  at: number,
  owner: string,
  options: { signal?: AbortSignal; session?: string } = {},
) {
  const { signal = new AbortController().signal, session = owner } = options;
  return engine.generate(
    {
      caller: { owner, session, isBackground: false },
      input: { prompt: PROMPTS[at] ?? '' },
      sampling: { stop: [], seed: 42 + at, temperature: 0.8, maxTokens: TOKENS },
    },
    { signal, chunk: () => undefined, progress: () => undefined },
  );
}

describe('the same seed writes the same text', () => {
  test('beside seven others', async () => {
    const beside = await Promise.all(PROMPTS.map((_prompt, at) => write(at, `beside ${at}`)));
    expect(beside.map(({ content }) => content)).toEqual(alone);
  });

  test('when the beginning has been read before', async () => {
    const again = await write(0, 'beside 0');
    expect(again.cachedTokens).toBe(again.promptTokens - 2);
    expect(again.content).toBe(alone[0]);
  });

  test('while others are cancelled at any moment', async () => {
    const cancelled = Array.from({ length: 24 }, (_value, at) => {
      const abort = new AbortController();
      const writing = write(at % 8, `cancelled ${at % 3}`, { signal: abort.signal });
      setTimeout(() => {
        abort.abort();
      }, at * 15);
      return writing.catch((error: unknown) => error);
    });
    const calm = await Promise.all([0, 1, 2, 3].map((at) => write(at, `calm ${at}`)));
    expect(calm.map(({ content }) => content)).toEqual(alone.slice(0, 4));
    await Promise.all(cancelled);
  });

  test('also of an owner who had to make room for others', async () => {
    const flood = PROMPTS.map((_prompt, at) => write(at, 'flood'));
    await Promise.race(flood.map((text) => text.then(() => undefined)).concat(pause(60)));
    const others = await Promise.all([4, 5, 6].map((at) => write(at, `other ${at}`)));
    expect(others.map(({ content }) => content)).toEqual(alone.slice(4, 7));
    expect((await Promise.all(flood)).map(({ content }) => content)).toEqual(alone);
  });
});

describe('what was read', () => {
  test('is never used for another owner', async () => {
    await write(1, 'first');
    expect((await write(1, 'second')).cachedTokens).toBe(0);
  });

  test('is forgotten with its session', async () => {
    await write(2, 'app', { session: 'one' });
    await engine.forget({ session: 'one' }, CALL);
    expect((await write(2, 'app', { session: 'two' })).cachedTokens).toBe(0);
  });
});

test('texts of a session that is over end, also those that had to make room', async () => {
  const texts = PROMPTS.map((_prompt, at) => write(at, 'leaver', { session: 'over' }));
  await pause(60);
  const others = [0, 1, 2].map((at) => write(at, `stayer ${at}`));
  await pause(20);
  await engine.forget({ session: 'over' }, CALL);
  const ends = await Promise.allSettled(texts);
  expect(ends.map(({ status }) => status)).toContain('rejected');
  await Promise.all(others);
  const again = await Promise.all(PROMPTS.map((_prompt, at) => write(at, 'leaver')));
  expect(again.map(({ cachedTokens }) => cachedTokens)).toEqual(PROMPTS.map(() => 0));
});

const CALL = {
  signal: new AbortController().signal,
  chunk: () => undefined as never,
  progress: () => undefined,
};

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, undefined);
  });
}

test('a cancelled call does not go on reading a prompt of megabytes', async () => {
  const abort = new AbortController();
  const reading = engine.generate(
    {
      caller: { owner: 'long', session: 'long', isBackground: false },
      input: { prompt: 'a '.repeat(2_000_000) },
      overflow: 'dropOldest',
      sampling: { stop: [], maxTokens: 1 },
    },
    { signal: abort.signal, chunk: () => undefined, progress: () => undefined },
  );
  const cpuMs = await cpuMsDuring(async () => {
    setImmediate(() => {
      abort.abort();
    });
    await expect(reading).rejects.toMatchObject({ reason: 'Cancelled' });
  });
  // Read to its end it takes seconds.
  expect(cpuMs).toBeLessThan(400);
});
