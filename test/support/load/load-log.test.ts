import { expect, test } from 'vitest';
import type { Answered } from '../call-wire.ts';
import { LoadLog } from './load-log.ts';
import type { LoadRequest } from './load-request.ts';

const REQUEST: LoadRequest = {
  kind: 'complete',
  method: 'llm.complete',
  params: { prompt: 'Once', seed: 1 },
};

function answer(content: string, pieces: readonly string[] = [content]): Answered {
  const streamed = pieces.map((text) => ({ atMs: 1, text }));
  return { startedAtMs: 0, endedAtMs: 2, pieces: streamed, result: { content } };
}

function fail(reason: string, pieces: readonly string[] = []): Answered {
  const error = { code: -32000, message: '', data: { reason, retryable: true } };
  const streamed = pieces.map((text) => ({ atMs: 1, text }));
  return { startedAtMs: 0, endedAtMs: 2, pieces: streamed, error };
}

function judge(...answers: readonly [LoadRequest, Answered][]): readonly string[] {
  const log = new LoadLog(['Busy']);
  for (const [request, answered] of answers) log.record(request, answered);
  return log.report([]).violations;
}

test('the same text twice, and expected refusals, are no violations', () => {
  const early = { ...REQUEST, cancelAfterMs: 1 };
  const answers: [LoadRequest, Answered][] = [
    [early, fail('Cancelled', ['upon'])],
    [REQUEST, answer('upon a time', ['upon a', ' time'])],
    [REQUEST, answer('upon a time')],
    [REQUEST, fail('Busy')],
  ];
  expect(judge(...answers)).toEqual([]);
});

test('another text for the same seed is a violation', () => {
  expect(judge([REQUEST, answer('upon')], [REQUEST, answer('a time')])).toHaveLength(1);
});

test('a stream that is not the answer is a violation', () => {
  expect(judge([REQUEST, answer('upon a time', ['upon'])])).toHaveLength(1);
});

test('a cancelled text that began differently is a violation', () => {
  const early = { ...REQUEST, cancelAfterMs: 1 };
  expect(judge([early, fail('Cancelled', ['no'])], [REQUEST, answer('upon')])).toHaveLength(1);
});

test('an unexpected error, and a cancel that nobody asked for, are violations', () => {
  expect(judge([REQUEST, fail('InternalError')], [REQUEST, fail('Cancelled')])).toHaveLength(2);
});
