import type { Token } from '../text-model.ts';
import type { DecodeContext, Entry } from './decode-context.ts';

/** What a text may depend on beside itself, on this engine with this model. */
export interface Invariance {
  /**
   * `any`: a token's bits are the same however many are computed with it. `pairs`: as long as it is not alone.
   * `alone`: only when nothing is computed with it.
   */
  readonly width: 'any' | 'pairs' | 'alone';
  /** Whether tokens read together leave the same bits as those read one after the other. */
  readonly isSameRead: boolean;
}

/**
 * Finds out by trying, with a few tokens in the first sequences, which are empty before and after. Kernels for one
 * row and for several may add in another order; a difference in the last bit, some hundred tokens later, is another
 * word (note 0130).
 */
export async function probeInvariance(
  context: DecodeContext,
  vocabularySize: number,
): Promise<Invariance> {
  if (context.sequences < 2 || !context.canTruncate) return { width: 'any', isSameRead: true };
  const tokens = Array.from({ length: 4 }, (_value, at) => 1 + ((at * 97 + 13) % vocabularySize));
  const [first = 0, second = 0, third = 0, last = 0] = tokens;
  const begin = [first, second];
  const trial = async (width: number, pieces: readonly (readonly Token[])[]): Promise<string> => {
    const sequences = Array.from({ length: width }, (_value, sequence) => sequence);
    let position = 0;
    let seen = '';
    for (const [at, piece] of pieces.entries()) {
      const outputs = at === pieces.length - 1 ? [piece.length - 1] : [];
      const entries: Entry[] = sequences.map((sequence) => ({
        sequence,
        position,
        tokens: piece,
        outputs,
      }));
      position += piece.length;
      // Prompts are read one at a time, whoever else is there.
      if (piece.length > 1) for (const entry of entries) await context.decode([entry]);
      else {
        const [handle] = (await context.decode(entries))[0] ?? [];
        if (handle !== undefined) seen = (await context.probabilities(handle)).join();
      }
    }
    for (const sequence of sequences) context.clear(sequence);
    return seen;
  };
  const alone = await trial(1, [begin, [third], [last]]);
  const two = await trial(2, [begin, [third], [last]]);
  const all = await trial(context.sequences, [begin, [third], [last]]);
  const isSameRead = (await trial(2, [[...begin, third], [last]])) === two;
  const width = alone === two && two === all ? 'any' : two === all ? 'pairs' : 'alone';
  return { width, isSameRead };
}
