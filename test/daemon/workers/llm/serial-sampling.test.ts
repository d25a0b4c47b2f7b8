import { expect, test } from 'vitest';
import { serializeSampling } from '../../../../daemon/workers/llm/serial-sampling.ts';

test('samples one at a time, in order, past failures', async () => {
  let running = 0;
  let mostAtOnce = 0;
  const context = {
    _ctx: {
      sampleToken: async (...[index]: readonly unknown[]) => {
        mostAtOnce = Math.max(mostAtOnce, ++running);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running--;
        if (index === 1) throw new Error('no token');
        return index;
      },
    },
  };
  expect(serializeSampling(context)).toBe(true);
  const sampled = await Promise.allSettled([0, 1, 2].map((i) => context._ctx.sampleToken(i)));
  expect(mostAtOnce).toBe(1);
  expect(sampled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(sampled[2]).toMatchObject({ value: 2 });
});

test('says so when the library has no place for it', () => {
  expect(serializeSampling({})).toBe(false);
  expect(serializeSampling({ _ctx: {} })).toBe(false);
});
