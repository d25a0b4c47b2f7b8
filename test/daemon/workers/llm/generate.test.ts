import { expect, test } from 'vitest';
import type { Batch } from '../../../../daemon/workers/llm/batch/batch.ts';
import { generate } from '../../../../daemon/workers/llm/generate.ts';
import type { GeneratedChunk } from '../../../../daemon/workers/llm/ops.ts';
import { recordCall } from '../../../fakes/engine-call.ts';
import { createByteModel, END, toTokens } from '../../../fakes/byte-model.ts';
import { CALLER } from '../../../support/llm-caller.ts';

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

/** A batch whose model writes what it is told to, without a grammar. */
const scripted = (text: string): Batch => ({
  contextTokens: 4096,
  run: ({ onToken }) => {
    for (const token of toTokens([text, END])) if (onToken(token) === undefined) break;
    return Promise.resolve({ cachedTokens: 0 });
  },
  score: () => Promise.reject(new Error('not asked for')),
  forget: () => undefined,
  setThreads: () => undefined,
});

const write = (text: string, maxTokens = 100) =>
  generate(
    { model: createByteModel(), batch: scripted(text) },
    {
      caller: CALLER,
      input: { prompt: 'City:' },
      sampling: { stop: [], schema: SCHEMA, maxTokens },
    },
    recordCall<GeneratedChunk>(),
  );

test('a whole text that is not of its schema is never handed out', async () => {
  const refused = write('{"town":"secret"}');
  await expect(refused).rejects.toMatchObject({
    reason: 'Unavailable',
    details: { rule: 'output_invalid' },
  });
  await expect(refused).rejects.not.toThrow(/secret/);
});

test('one that is of its schema is, without what came after it', async () => {
  expect(await write('{"city":"Rome"}!')).toMatchObject({
    content: '{"city":"Rome"}',
    finishReason: 'stop',
  });
});

test('one that was cut is handed out as far as it came, and says so', async () => {
  expect(await write('{"city":"Rome"}', 8)).toMatchObject({
    content: '{"city":',
    finishReason: 'length',
  });
});
