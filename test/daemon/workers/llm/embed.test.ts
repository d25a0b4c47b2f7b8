import { expect, test } from 'vitest';
import { embed, type VectorModel } from '../../../../daemon/workers/llm/embed.ts';

test('a cancel is heard while a long list of texts is still being tokenized', async () => {
  const abort = new AbortController();
  let tokenized = 0;
  const model: VectorModel = {
    contextTokens: 512,
    dimensions: 2,
    tokenize: () => {
      tokenized += 1;
      // Heard at the next turn of the event loop, as a message of the daemon is.
      if (tokenized === 100)
        setImmediate(() => {
          abort.abort();
        });
      return [1];
    },
    measure: (tokens) => tokens.length,
    embed: () => Promise.resolve([0, 1]),
  };
  const texts = Array.from({ length: 2000 }, () => 'text');
  const call = { signal: abort.signal, chunk: () => undefined, progress: () => undefined };
  await expect(embed(model, { texts }, call)).rejects.toMatchObject({ reason: 'Cancelled' });
  expect(tokenized).toBeLessThan(150);
});
