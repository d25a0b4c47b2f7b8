import { LIMITS } from '@locara/protocol';
import { expect, test } from 'vitest';
import { toAnswerLine, toLine } from '../../../daemon/rpc/message-line.ts';

test('a line and its ending fill the limit to the byte, never more', () => {
  const room = LIMITS.maxMessageBytes - '{"a":""}\n'.length;
  expect(toLine({ a: 'x'.repeat(room) })).toHaveLength(LIMITS.maxMessageBytes - 1);
  expect(() => toLine({ a: 'x'.repeat(room + 1) })).toThrow('too large');
  expect(() => toLine({ a: 'ü'.repeat(room / 2 + 1) })).toThrow('too large');
});

test('an answer that is too large becomes the error that names the ways out', () => {
  const line = toAnswerLine('id', { result: { rows: 'x'.repeat(LIMITS.maxMessageBytes) } });
  expect(JSON.parse(line)).toMatchObject({
    id: 'id',
    error: { data: { reason: 'PayloadTooLarge', details: { limitBytes: LIMITS.maxMessageBytes } } },
  });
});
