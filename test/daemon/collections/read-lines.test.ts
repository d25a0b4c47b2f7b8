import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLines } from '../../../daemon/collections/read-lines.ts';

/** A file that gives a few bytes at a time. */
async function linesOf(file: Buffer, { offset = 0, maxBytes = 1000, step = 3 } = {}) {
  const source = {
    read: (from: number) => Promise.resolve(file.subarray(from, from + step)),
  };
  const lines = [];
  for await (const line of readLines(source, { offset, maxBytes })) {
    lines.push({ ...line, text: Buffer.from(line.bytes).toString() });
  }
  return lines;
}

test('lines end with LF, CRLF or the file, whatever the pieces are', async () => {
  const file = Buffer.from('\ufeffä🐈\r\n\nb\nlast');
  const lines = await linesOf(file);
  expect(lines.map(({ text, offset, nextOffset }) => [text, offset, nextOffset])).toEqual([
    ['ä🐈', 0, 11],
    ['', 11, 12],
    ['b', 12, 14],
    ['last', 14, 18],
  ]);
  expect((await linesOf(file, { offset: 12 })).map(({ text }) => text)).toEqual(['b', 'last']);
  expect(await linesOf(file, { offset: 99 })).toEqual([]);
  expect(await linesOf(Buffer.alloc(0))).toEqual([]);
});

test('a line that is too long is the last one, however it ends', async () => {
  for (const end of ['', '\n', '\nnext\n']) {
    const lines = await linesOf(Buffer.from(`ok\n${'x'.repeat(50)}${end}`), {
      maxBytes: 20,
      step: 200,
    });
    expect(lines.map(({ text, isTooLong }) => [text, isTooLong])).toEqual([
      ['ok', false],
      ['x'.repeat(20), true],
    ]);
  }
});

test('any lines come back as they were, from any offset of one', async () => {
  const line = fc
    .string({ unit: 'grapheme', maxLength: 8 })
    .map((text) => text.replace(/[\r\n\ufeff]/g, ''));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 9 }), async (texts, step) => {
      const file = Buffer.from(texts.map((text) => `${text}\n`).join(''));
      const lines = await linesOf(file, { step });
      expect(lines.map(({ text }) => text)).toEqual(texts);
      for (const [at, { nextOffset }] of lines.entries()) {
        const rest = await linesOf(file, { step, offset: nextOffset });
        expect(rest.map(({ text }) => text)).toEqual(texts.slice(at + 1));
      }
    }),
    { numRuns: 50 },
  );
});
