import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBatch } from '../../../../../daemon/workers/llm/batch/create-batch.ts';
import type { Batch } from '../../../../../daemon/workers/llm/batch/batch.ts';
import { createCountingContext, NO_SAMPLER } from '../../../../fakes/counting-context.ts';

interface Text {
  readonly owner: string;
  readonly length: number;
  readonly isBackground?: boolean;
  readonly prompt?: number;
}

function createTestBatch(sequences: number, onDecode?: (count: number) => void) {
  const context = createCountingContext({ sequences, ...(onDecode && { onDecode }) });
  return {
    context,
    batch: createBatch({ context, invariance: 'pairs', minReadTokens: 8 }),
  };
}

/** Writes a text and counts its tokens where they are served. */
function write(batch: Batch, text: Text, served: Map<string, number>, signal?: AbortSignal) {
  const { owner, length, isBackground = false, prompt = 4 } = text;
  let left = length;
  return batch.run({
    caller: { owner, session: owner, isBackground },
    prompt: Array.from({ length: prompt }, (_value, at) => at),
    sampler: NO_SAMPLER,
    isReproducible: false,
    signal: signal ?? new AbortController().signal,
    onToken: (token) => {
      served.set(owner, (served.get(owner) ?? 0) + 1);
      return --left > 0 ? [token] : undefined;
    },
  });
}

/** Until told to stop: as an app that asks again as soon as it has its answer. */
async function writeOnAndOn(
  batch: Batch,
  text: Text,
  served: Map<string, number>,
  stop: AbortSignal,
) {
  while (!stop.aborted) await write(batch, text, served, stop).catch(() => undefined);
}

describe('owners get equal numbers of tokens', () => {
  test.each([2, 4, 8])('of %i with one text each, while one of them floods', async (owners) => {
    const stop = new AbortController();
    const served = new Map<string, number>();
    const { batch } = createTestBatch(8, (count) => {
      // The flood was there first; what counts is what happens once all are.
      if (count === 200) served.clear();
      if (count === 2200) stop.abort();
    });
    const flood = Array.from({ length: 100 }, () =>
      writeOnAndOn(batch, { owner: 'flood', length: 50 }, served, stop.signal),
    );
    const others = Array.from({ length: owners - 1 }, (_value, at) =>
      writeOnAndOn(batch, { owner: `calm ${at}`, length: 50 }, served, stop.signal),
    );
    await Promise.all([...flood, ...others]);
    const counts = [...served.values()];
    expect(counts).toHaveLength(owners);
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(1.1);
  });

  test('also of one who floods beside seven that ask again and again for little', async () => {
    const stop = new AbortController();
    const served = new Map<string, number>();
    const { batch } = createTestBatch(8, (count) => {
      if (count === 200) served.clear();
      if (count === 3000) stop.abort();
    });
    await Promise.all([
      ...Array.from({ length: 16 }, () =>
        writeOnAndOn(batch, { owner: 'flood', length: 8 }, served, stop.signal),
      ),
      ...Array.from({ length: 7 }, (_value, at) =>
        writeOnAndOn(batch, { owner: `calm ${at}`, length: 8 }, served, stop.signal),
      ),
    ]);
    const counts = [...served.values()];
    expect(counts).toHaveLength(8);
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(1.25);
  });

  test('whatever the lengths of their texts and prompts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            length: fc.integer({ min: 1, max: 60 }),
            texts: fc.integer({ min: 1, max: 6 }),
          }),
          {
            minLength: 2,
            maxLength: 6,
          },
        ),
        fc.integer({ min: 2, max: 8 }),
        async (owners, sequences) => {
          fc.pre(owners.length <= sequences);
          const stop = new AbortController();
          const served = new Map<string, number>();
          const { batch } = createTestBatch(sequences, (count) => {
            if (count === 100) served.clear();
            if (count === 1500) stop.abort();
          });
          await Promise.all(
            owners.flatMap(({ length, texts }, at) =>
              Array.from({ length: texts }, () =>
                // One token after a prompt is mostly prompt: equal shares are about texts that are written.
                writeOnAndOn(batch, { owner: `${at}`, length: length + 40 }, served, stop.signal),
              ),
            ),
          );
          const counts = [...served.values()];
          expect(counts).toHaveLength(owners.length);
          expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(1.25);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('somebody who comes', () => {
  test('finds a seat at once, though another holds them all', async () => {
    const { batch, context } = createTestBatch(4);
    const served = new Map<string, number>();
    const flood = Array.from({ length: 8 }, () =>
      write(batch, { owner: 'flood', length: 100 }, served),
    );
    await untilServed(served, 'flood', 40);
    const before = context.decodes.length;
    await write(batch, { owner: 'newcomer', length: 1 }, served);
    expect(context.decodes.length - before).toBeLessThan(6);
    await Promise.all(flood);
    expect(served.get('flood')).toBe(800);
  });

  test('in front of a screen goes before any number of background texts', async () => {
    const { batch, context } = createTestBatch(4);
    const served = new Map<string, number>();
    const background = ['a', 'b', 'c', 'd', 'e'].map((owner) =>
      write(batch, { owner, length: 100, isBackground: true }, served),
    );
    await untilServed(served, 'a', 10);
    const before = context.decodes.length;
    await write(batch, { owner: 'screen', length: 40 }, served);
    // 40 tokens of its own, and a quarter of the steps for the others.
    expect(context.decodes.length - before).toBeLessThan(60);
    await Promise.all(background);
    expect(served.get('e')).toBe(100);
  });

  test('background texts are never starved', async () => {
    const stop = new AbortController();
    const served = new Map<string, number>();
    const { batch } = createTestBatch(4, (count) => {
      if (count === 800) stop.abort();
    });
    await Promise.all([
      ...['a', 'b', 'c'].map((owner) =>
        writeOnAndOn(batch, { owner, length: 30 }, served, stop.signal),
      ),
      writeOnAndOn(batch, { owner: 'mail', length: 30, isBackground: true }, served, stop.signal),
    ]);
    expect(served.get('mail')).toBeGreaterThan((served.get('a') ?? 0) / 8);
  });
});

async function untilServed(served: ReadonlyMap<string, number>, owner: string, tokens: number) {
  while ((served.get(owner) ?? 0) < tokens) await new Promise((resolve) => setImmediate(resolve));
}
