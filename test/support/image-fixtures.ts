import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FIXTURES = join(import.meta.dirname, '../fixtures/images');

export function readImage(name: string): Buffer {
  return readFileSync(join(FIXTURES, name));
}

/** What the page of the fixtures says, in one line. */
export const PAGE_TEXT = normalise(readFileSync(join(FIXTURES, 'doc.txt'), 'utf8'));

export function normalise(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Edit distance over the length of the expected text, whitespace normalised. */
export function characterErrorRate(expected: string, actual: string): number {
  const [from, to] = [normalise(expected), normalise(actual)];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return (row[to.length] ?? 0) / from.length;
}
