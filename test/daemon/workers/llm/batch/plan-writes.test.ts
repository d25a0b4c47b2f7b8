import { describe, expect, test } from 'vitest';
import { planWrites } from '../../../../../daemon/workers/llm/batch/plan-writes.ts';
import { createRun, type Run } from '../../../../../daemon/workers/llm/batch/run.ts';
import { NO_SAMPLER } from '../../../../fakes/counting-context.ts';

/** A run that has read all but its last token. */
function runAt(sequence: number, isReproducible = true): Run {
  const run = createRun({
    caller: { owner: 'tests/one', session: 'one', isBackground: false },
    prompt: [1, 2, 3],
    sampler: NO_SAMPLER,
    isReproducible,
    signal: new AbortController().signal,
    onToken: () => undefined,
  });
  run.seat = { sequence, tokens: [1, 2] };
  return run;
}

const SITE = { sequences: 8, canTruncate: true, invariance: 'any', lengthOf: () => 2 } as const;
const sequencesOf = (plans: ReturnType<typeof planWrites>) =>
  plans.map(({ entries }) => entries.map(({ sequence }) => sequence));

describe('the decodes of one step', () => {
  test('take every text in the order of its sequence', () => {
    const plans = planWrites([runAt(2), runAt(0), runAt(1)], SITE);
    expect(sequencesOf(plans)).toEqual([[0, 1, 2]]);
    expect(plans[0]?.entries.map(({ tokens }) => tokens)).toEqual([[3], [3], [3]]);
  });

  test('fill small gaps, and leave wide ones', () => {
    const [plan] = planWrites([runAt(0), runAt(3), runAt(7)], SITE);
    expect(plan?.entries.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3, 7]);
    expect(plan?.runs.map((run) => run?.seat?.sequence)).toEqual([0, undefined, undefined, 3, 7]);
  });

  test('never ask what follows a filler', () => {
    const [plan] = planWrites([runAt(0), runAt(2)], SITE);
    expect(plan?.entries.map(({ outputs }) => outputs)).toEqual([[0], [], [0]]);
  });

  test('give a lone reproducible text company, where a lone one has other bits', () => {
    const site = { ...SITE, invariance: 'pairs' } as const;
    expect(sequencesOf(planWrites([runAt(0)], site))).toEqual([[0, 1]]);
    expect(sequencesOf(planWrites([runAt(7)], site))).toEqual([[6, 7]]);
    expect(sequencesOf(planWrites([runAt(0), runAt(5)], site))).toEqual([[0, 1, 5, 6]]);
    expect(sequencesOf(planWrites([runAt(3, false)], site))).toEqual([[3]]);
  });

  test('keep reproducible texts apart, where any company changes bits', () => {
    const site = { ...SITE, invariance: 'alone' } as const;
    const plans = planWrites([runAt(0), runAt(1, false), runAt(2, false)], site);
    expect(sequencesOf(plans)).toEqual([[1, 2], [0]]);
  });

  test('put nothing into sequences that cannot be taken back', () => {
    const site = { ...SITE, canTruncate: false };
    expect(sequencesOf(planWrites([runAt(0), runAt(2)], site))).toEqual([[0, 2]]);
  });

  test('ask nothing of a token that is only read again', () => {
    const run = runAt(0);
    run.tokens.push(9);
    const [plan] = planWrites([run], SITE);
    expect(plan?.entries).toEqual([{ sequence: 0, position: 2, tokens: [3], outputs: [] }]);
  });
});
