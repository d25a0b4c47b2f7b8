import type { Token } from '../token.ts';
import type { DecodeContext } from './decode-context.ts';

/**
 * When the bits of a token are the same whoever else is computed with it: with `any` number of others, as long as
 * there are `pairs`, or only `alone`.
 */
export type Invariance = 'any' | 'pairs' | 'alone';

/**
 * Finds out by trying, with a few tokens in sequences that are empty before and after. Kernels for one row and for
 * several may add in another order; a difference in the last bit, some hundred tokens later, is another word
 * (note 0130).
 */
export async function probeInvariance(
  context: DecodeContext,
  vocabularySize: number,
): Promise<Invariance> {
  // Without neighbours there is nobody to depend on; and what cannot be taken back is not tried.
  if (context.sequences < 2) return 'any';
  if (!context.canTruncate) return 'alone';
  const [first = 0, second = 0, ...written] = Array.from(
    { length: 4 },
    (_value, at) => 1 + ((at * 97 + 13) % (vocabularySize - 1)),
  );
  const trial = async (width: number): Promise<string> => {
    const sequences = Array.from({ length: width }, (_value, sequence) => sequence);
    for (const sequence of sequences) {
      await context.decode([{ sequence, position: 0, tokens: [first, second], outputs: [] }]);
    }
    const seen: string[] = [];
    for (const [at, token] of written.entries()) {
      seen.push(await writeOne(context, { sequences, position: 2 + at, token }));
    }
    for (const sequence of sequences) context.clear(sequence);
    return seen.join('\n');
  };
  const [alone, two, all] = [await trial(1), await trial(2), await trial(context.sequences)];
  if (two !== all) return 'alone';
  return alone === two ? 'any' : 'pairs';
}

/** What could follow one token in the first of the sequences, when all of them get it. */
async function writeOne(
  context: DecodeContext,
  written: { sequences: readonly number[]; position: number; token: Token },
): Promise<string> {
  const { sequences, position, token } = written;
  const handles = await context.decode(
    sequences.map((sequence) => ({ sequence, position, tokens: [token], outputs: [0] })),
  );
  const probabilities = await context.probabilities(handles[0]?.[0] ?? 0);
  return probabilities.join();
}
