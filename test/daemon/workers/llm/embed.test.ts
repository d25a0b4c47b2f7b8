import { expect, test } from 'vitest';
import { embed, type VectorModel } from '../../../../daemon/workers/llm/embed.ts';
import { createVectorTurns } from '../../../../daemon/workers/llm/vectors/vector-turns.ts';
import { recordCall } from '../../../fakes/engine-call.ts';
import { CALLER } from '../../../support/llm-caller.ts';

test('a cancel is heard while a long list of texts is still being tokenized', async () => {
  const call = recordCall<never>();
  let tokenized = 0;
  const model: VectorModel = {
    contextTokens: 512,
    dimensions: 2,
    tokenize: () => {
      tokenized += 1;
      // Heard at the next turn of the event loop, as a message of the daemon is.
      if (tokenized === 100)
        setImmediate(() => {
          call.abort();
        });
      return [1];
    },
    frame: (tokens) => tokens,
    turns: createVectorTurns({
      read: () => Promise.resolve(Float32Array.of(0, 1)),
      setThreads: () => undefined,
    }),
  };
  const texts = Array.from({ length: 2000 }, () => 'text');
  await expect(embed(model, { caller: CALLER, texts }, call)).rejects.toMatchObject({
    reason: 'Cancelled',
  });
  expect(tokenized).toBeLessThan(150);
});
