import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wrapLine } from '../../../clients/cli/wrap-line.ts';

test('a line breaks between words, and what follows hangs by two more', () => {
  expect(wrapLine('  • reads the files that you pick, and no others', 30)).toEqual([
    '  • reads the files that you',
    '    pick, and no others',
  ]);
});

test('colours take no room', () => {
  const line = `\u001b[33mRisk: ${'a'.repeat(24)}\u001b[39m`;
  expect(wrapLine(line, 30)).toEqual([line]);
});

test('no word is lost, and only a word alone is longer than the terminal is wide', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 30, max: 120 }), (line, columns) => {
      const lines = wrapLine(line, columns);
      const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
      expect(words(lines.join(' '))).toEqual(words(line));
      for (const one of lines) {
        expect(one.length <= columns || words(one).length <= 1).toBe(true);
      }
    }),
  );
});
