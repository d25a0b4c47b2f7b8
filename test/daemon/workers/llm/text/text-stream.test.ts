import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTextStream } from '../../../../../daemon/workers/llm/text/text-stream.ts';

/** A vocabulary whose every token is one byte: the hardest case for whole characters. */
const detokenize = (bytes: readonly number[]) => new TextDecoder().decode(Uint8Array.from(bytes));

function stream(text: string, stop: readonly string[] = []) {
  const deltas: string[] = [];
  const output = createTextStream<number>({
    detokenize,
    before: [],
    stop,
    emit: (delta) => {
      deltas.push(delta);
    },
  });
  const isStopped = [...Buffer.from(text)].some((byte) => output.push(byte));
  return { deltas, isStopped, text: output.finish() };
}

test('characters of several bytes come out whole', () => {
  const { deltas, text } = stream('é日😀!');
  expect(deltas).toEqual(['é', '日', '😀', '!']);
  expect(text).toBe('é日😀!');
});

test('any text arrives as it was, never with half a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const { deltas, text: whole } = stream(text);
      expect(whole).toBe(text);
      expect(deltas.join('')).toBe(text);
      for (const delta of deltas) expect(delta.isWellFormed()).toBe(true);
    }),
  );
});

test('bytes that never become a character do not hold back what follows', () => {
  const deltas: string[] = [];
  const output = createTextStream<number>({
    detokenize,
    before: [],
    stop: [],
    emit: (delta) => {
      deltas.push(delta);
    },
  });
  for (const byte of [0xff, 0xff, 0xff, 0xff, 0xff, 0x41]) output.push(byte);
  expect(deltas.join('')).toBe('\uFFFD'.repeat(5) + 'A');
});

test('a half character at the very end is left out', () => {
  const output = createTextStream<number>({
    detokenize,
    before: [],
    stop: [],
    emit: () => undefined,
  });
  for (const byte of [0x41, 0xf0, 0x9f]) output.push(byte);
  expect(output.finish()).toBe('A');
});

test('what could begin a stop string waits, and goes out when it was none', () => {
  expect(stream('one two', ['two!']).deltas).toEqual(['o', 'n', 'e', ' ', 'two']);
  expect(stream('tttwo', ['two!']).deltas).toEqual(['t', 't', 'two']);
});

test('the earliest stop string cuts the text', () => {
  const { text, deltas, isStopped } = stream('a tale. The end. More', ['end', '. The']);
  expect(isStopped).toBe(true);
  expect(text).toBe('a tale');
  expect(deltas.join('')).toBe('a tale');
});

test('streamed text is always the text, and never has a stop string', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 30 });
  const words = fc.array(
    fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 4 }),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(letters, words, (input, stop) => {
      const { text, deltas, isStopped } = stream(input, stop);
      const cuts = stop.map((word) => input.indexOf(word)).filter((at) => at >= 0);
      expect(isStopped).toBe(cuts.length > 0);
      expect(deltas.join('')).toBe(text);
      for (const word of stop) expect(text).not.toContain(word);
      if (cuts.length === 0) expect(text).toBe(input);
    }),
  );
});
