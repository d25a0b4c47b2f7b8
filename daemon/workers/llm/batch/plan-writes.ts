import type { Entry } from './decode-context.ts';
import type { Invariance } from './invariance.ts';
import { isReproducible, type Run, unreadTokens } from './run.ts';

/** One decode in which several texts get a token each. */
export interface WritePlan {
  /** Ascending sequences, as the engine wants them. Those of nobody are fillers, to be taken back. */
  readonly entries: readonly Entry[];
  /** The run of each entry; undefined for a filler. */
  readonly runs: readonly (Run | undefined)[];
}

export interface WriteSite {
  readonly sequences: number;
  readonly canTruncate: boolean;
  readonly invariance: Invariance;
  /** Tokens that a sequence holds now. */
  readonly lengthOf: (sequence: number) => number;
}

/**
 * The engine computes neighbouring sequences in one pass and begins another at every gap. A gap up to this wide is
 * cheaper filled with a token that is taken back than paid with a second pass.
 */
const MAX_FILLED_GAP = 2;
/** Any token will do: nobody sees what comes of it. */
const FILLER_TOKEN = 1;

/** The decodes that give each run its next token, such that no reproducible text can tell who else was there. */
export function planWrites(runs: readonly Run[], site: WriteSite): WritePlan[] {
  if (site.invariance !== 'alone') return runs.length === 0 ? [] : [planTogether(runs, site)];
  const together = runs.filter((run) => !isReproducible(run));
  const alone = runs.filter(isReproducible);
  return [
    ...(together.length === 0 ? [] : [planTogether(together, site)]),
    ...alone.map((run) => planTogether([run], site)),
  ];
}

function planTogether(runs: readonly Run[], site: WriteSite): WritePlan {
  const bySequence = new Map<number, Run | undefined>();
  for (const run of runs) bySequence.set(run.seat?.sequence ?? 0, run);
  if (site.canTruncate) addFillers(bySequence, site);
  const ascending = [...bySequence].toSorted(([one], [other]) => one - other);
  return {
    entries: ascending.map(([sequence, run]) => toEntry(sequence, run, site)),
    runs: ascending.map(([, run]) => run),
  };
}

function addFillers(bySequence: Map<number, Run | undefined>, site: WriteSite): void {
  const taken = [...bySequence.keys()].toSorted((one, other) => one - other);
  for (const [at, sequence] of taken.entries()) {
    const next = taken[at + 1];
    const gap = next === undefined ? Infinity : next - sequence - 1;
    if (gap > MAX_FILLED_GAP) continue;
    for (let filler = 1; filler <= gap; filler++) bySequence.set(sequence + filler, undefined);
  }
  if (site.invariance !== 'pairs') return;
  for (const sequence of taken) {
    const run = bySequence.get(sequence);
    const isAlone = !bySequence.has(sequence - 1) && !bySequence.has(sequence + 1);
    if (run === undefined || !isAlone || !isReproducible(run)) continue;
    const partner = sequence + 1 < site.sequences ? sequence + 1 : sequence - 1;
    if (partner >= 0) bySequence.set(partner, undefined);
  }
}

function toEntry(sequence: number, run: Run | undefined, { lengthOf }: WriteSite): Entry {
  const position = lengthOf(sequence);
  if (run === undefined) return { sequence, position, tokens: [FILLER_TOKEN], outputs: [] };
  const token = run.tokens[position] ?? FILLER_TOKEN;
  // What is only read again, after a pause, was chosen before.
  return { sequence, position, tokens: [token], outputs: unreadTokens(run) === 1 ? [0] : [] };
}
