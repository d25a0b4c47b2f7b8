import { expect, test } from 'vitest';
import type { Batch } from '../../../../../daemon/workers/llm/batch/batch.ts';
import { createBatch } from '../../../../../daemon/workers/llm/batch/create-batch.ts';
import { createCountingContext, NO_SAMPLER } from '../../../../fakes/counting-context.ts';

const PROMPT = [1, 2, 3, 4];

/** Writes two tokens; by itself it takes a filler along, in the sequence beside its own. */
async function write(batch: Batch, owner: string, prompt = PROMPT): Promise<readonly number[]> {
  const written: number[] = [];
  await batch.run({
    caller: { owner, session: owner, isBackground: false },
    prompt,
    sampler: NO_SAMPLER,
    isReproducible: true,
    signal: new AbortController().signal,
    onToken: (token) => (written.push(token) < 2 ? [token] : undefined),
  });
  return written;
}

/** Two sequences, and a decode that fails once the cells are written. */
function createFailing(failAt: number) {
  const context = createCountingContext({
    sequences: 2,
    onDecode: (count) => {
      if (count === failAt) throw new Error('the engine failed');
    },
  });
  return { context, batch: createBatch({ context, invariance: 'pairs', minReadTokens: 8 }) };
}

test('texts do not fail for ever after one decode that failed', async () => {
  const { context, batch } = createFailing(2);
  await expect(write(batch, 'failing')).rejects.toThrow('could not read a batch');
  expect(context.decodes[1]?.map(({ sequence }) => sequence)).toEqual([0, 1]);
  await expect(write(batch, 'next')).resolves.toEqual([5, 6]);
});

test('a conversation goes on after a decode failed that another one was in', async () => {
  const { context, batch } = createFailing(4);
  const answer = await write(batch, 'staying');
  await expect(write(batch, 'failing')).rejects.toThrow('could not read a batch');
  expect(context.decodes[3]?.map(({ sequence }) => sequence)).toEqual([0, 1]);
  await expect(write(batch, 'staying', [...PROMPT, ...answer, 7])).resolves.toEqual([8, 9]);
});
