import type { Sampler } from '../../daemon/workers/llm/batch/batch.ts';
import type { DecodeContext, Entry } from '../../daemon/workers/llm/batch/decode-context.ts';

/** A context that computes nothing but insists on what the engine insists on. */
export interface CountingContext extends DecodeContext {
  /** The entries of every decode, in order. */
  readonly decodes: (readonly Entry[])[];
}

/** What one sequence holds, by position. */
type Cells = number[];

export function createCountingContext(options: {
  readonly sequences: number;
  readonly cells?: number;
  readonly maxBatchTokens?: number;
  /** May throw: the decode then fails with everything in its cells, as far as anybody knows. */
  readonly onDecode?: (count: number) => void;
}): CountingContext {
  const { sequences, cells = 256, maxBatchTokens = 32, onDecode } = options;
  const held: Cells[] = Array.from({ length: sequences }, () => []);
  const decodes: (readonly Entry[])[] = [];
  let handles: number[] = [];
  return {
    sequences,
    cells,
    maxBatchTokens,
    canTruncate: true,
    decodes,
    decode: async (entries) => {
      await Promise.resolve();
      assertBatch(entries, { held, cells, maxBatchTokens });
      decodes.push(entries);
      for (const { sequence, tokens } of entries) held[sequence]?.push(...tokens);
      onDecode?.(decodes.length);
      handles = [];
      return entries.map(({ tokens, outputs }) =>
        outputs.map((at) => handles.push(tokens[at] ?? 0) - 1),
      );
    },
    sample: async (handle) => {
      await Promise.resolve();
      return (handles[handle] ?? 0) + 1;
    },
    probabilities: () => Promise.resolve([]),
    truncate: (sequence, position) => {
      held[sequence]?.splice(position);
      return true;
    },
    firstPosition: (sequence) => ((held[sequence]?.length ?? 0) === 0 ? -1 : 0),
    clear: (sequence) => {
      held[sequence]?.splice(0);
    },
    setThreads: () => undefined,
  };
}

function assertBatch(
  entries: readonly Entry[],
  limits: { held: readonly Cells[]; cells: number; maxBatchTokens: number },
): void {
  const tokens = entries.reduce((sum, entry) => sum + entry.tokens.length, 0);
  if (tokens === 0 || tokens > limits.maxBatchTokens) throw new Error('batch size');
  for (const [at, { sequence, position, tokens: read }] of entries.entries()) {
    const length = limits.held[sequence]?.length;
    if (length !== position) throw new Error('a gap in a sequence');
    if (position + read.length > limits.cells) throw new Error('out of cells');
    if (at > 0 && sequence <= (entries[at - 1]?.sequence ?? 0)) throw new Error('not ascending');
  }
}

export const NO_SAMPLER: Sampler = { useGrammar: () => undefined, close: () => undefined };
