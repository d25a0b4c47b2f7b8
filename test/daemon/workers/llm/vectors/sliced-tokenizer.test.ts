import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSlicedTokenizer } from '../../../../../daemon/workers/llm/vectors/sliced-tokenizer.ts';

const NEVER = new AbortController().signal;
const toWords = (text: string) => text.split(/[ \n]+/).filter((word) => word !== '');

test('the words of a text of any length are the words of its slices', async () => {
  const words: string[] = [];
  const tokenizer = createSlicedTokenizer((text) => {
    words.push(...toWords(text));
    return [1];
  }, NEVER);
  const text = Array.from({ length: 9000 }, (_value, at) => `word${String(at)}`).join(' ');
  const tokens = await tokenizer.tokenize(text);
  expect(tokens.length).toBeGreaterThan(3);
  expect(words).toEqual(toWords(text));
});

test('no character is lost or cut in two', async () => {
  const characters = fc.constantFrom('a', ' ', '\n', '🐈', '猫', '\ud800');
  await fc.assert(
    fc.asyncProperty(fc.array(characters, { maxLength: 40 }), async (parts) => {
      const text = parts.join('').repeat(1500);
      const slices: string[] = [];
      const tokenizer = createSlicedTokenizer((slice) => {
        slices.push(slice);
        return [];
      }, NEVER);
      await tokenizer.tokenize(text);
      const bare = (value: string) => value.replaceAll(' ', '');
      expect(bare(slices.join(''))).toBe(bare(text));
      const halves = (value: string) => value.match(/\p{Surrogate}/gu)?.length ?? 0;
      expect(slices.reduce((sum, slice) => sum + halves(slice), 0)).toBe(halves(text));
    }),
    { numRuns: 50 },
  );
});

test('no more of a text is tokenized than was asked for', async () => {
  let slices = 0;
  const tokenizer = createSlicedTokenizer((text) => {
    slices += 1;
    return toWords(text).map(() => 1);
  }, NEVER);
  await tokenizer.tokenize('cat '.repeat(100_000), 5000);
  expect(slices).toBe(2);
});

test('a cancel is heard in the middle of a long text', async () => {
  const abort = new AbortController();
  let slices = 0;
  const tokenizer = createSlicedTokenizer(() => {
    slices += 1;
    if (slices === 3)
      setImmediate(() => {
        abort.abort();
      });
    return [1];
  }, abort.signal);
  await expect(tokenizer.tokenize('x'.repeat(1_000_000))).rejects.toMatchObject({
    reason: 'Cancelled',
  });
  expect(slices).toBeLessThan(6);
});
