import { expect, test } from 'vitest';
import { createPacedEmit } from '../../../../../daemon/workers/llm/text/paced-emit.ts';

function setUp() {
  const sent: string[] = [];
  const clock = { now: 0 };
  const emit = createPacedEmit(
    (delta) => {
      sent.push(delta);
    },
    5,
    () => clock.now,
  );
  return { sent, clock, emit };
}

test('the first delta goes at once, those close behind it together', () => {
  const { sent, clock, emit } = setUp();
  for (const delta of ['a', 'b', 'c']) emit(delta);
  expect(sent).toEqual(['a']);
  clock.now = 5;
  emit('d');
  expect(sent).toEqual(['a', 'bcd']);
});

test('a slow writer is heard word by word', () => {
  const { sent, clock, emit } = setUp();
  for (const delta of ['a', 'b', 'c']) {
    emit(delta);
    clock.now += 5;
  }
  expect(sent).toEqual(['a', 'b', 'c']);
});

test('the end sends what is left, and nothing when nothing is', () => {
  const { sent, emit } = setUp();
  emit('a');
  emit('b');
  emit.flush();
  emit.flush();
  expect(sent).toEqual(['a', 'b']);
});
