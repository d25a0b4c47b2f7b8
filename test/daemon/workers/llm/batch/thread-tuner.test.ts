import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createThreadTuner,
  type Step,
  type ThreadTuner,
} from '../../../../../daemon/workers/llm/batch/thread-tuner.ts';

/** An engine on a clock of its own; `rate` is tokens per millisecond with so many threads. */
function run(tuner: (now: () => number) => ThreadTuner) {
  let clock = 0;
  const engine = tuner(() => clock);
  const changes: number[] = [];
  return {
    engine,
    changes,
    step(rate: (threads: number) => number, step: Partial<Step> = {}): void {
      const tokens = step.tokens ?? 1;
      const ms = tokens / rate(engine.threads);
      clock += ms;
      const changed = engine.observe({ kind: 'decode', ...step, tokens, ms });
      if (changed !== undefined) changes.push(changed);
    },
    steps(count: number, rate: (threads: number) => number, step: Partial<Step> = {}): void {
      for (let index = 0; index < count; index += 1) this.step(rate, step);
    },
    idle(ms: number): void {
      clock += ms;
    },
  };
}

const start = (threads: number) => run((now) => createThreadTuner(threads, now));
/** Every thread helps. */
const quiet = (threads: number): number => 1.2 * threads;
/** As measured where another program held one of two cores: 1463 tokens a second became 56. */
const shared = (threads: number): number => (threads === 1 ? 1.463 : 0.056);
/** Nothing to do with threads: the text has become long. */
const slow = (threads: number): number => quiet(threads) / 4;

describe('where nothing else runs', () => {
  test('it looks once whether fewer threads are better, and stays', () => {
    const model = start(4);
    model.steps(200, quiet);
    expect(model.changes).toEqual([2, 4]);
  });

  test('one thread is never changed', () => {
    const model = start(1);
    model.steps(100, quiet);
    model.steps(100, slow);
    expect(model.changes).toEqual([]);
  });

  test('it looks again ever more rarely', () => {
    const model = start(2);
    const tokensPerSecond = 40;
    model.steps(3600 * tokensPerSecond, (threads) => (threads * tokensPerSecond) / 2000);
    expect(model.changes.length).toBeLessThan(24);
  });

  test('the pace of reading is not compared with that of writing, nor wide steps with narrow ones', () => {
    const model = start(2);
    model.steps(60, quiet);
    const before = model.changes.length;
    model.steps(20, (threads) => quiet(threads) * 10, { kind: 'prefill', tokens: 512 });
    model.steps(20, quiet);
    model.steps(20, (threads) => quiet(threads) * 3, { tokens: 8 });
    model.steps(20, quiet);
    expect(model.changes.length).toBe(before);
  });
});

describe('when another program takes a core', () => {
  test('a collapse is met within a second by half the threads', () => {
    const model = start(2);
    model.steps(100, quiet);
    const before = model.changes.length;
    model.steps(9, shared);
    expect(model.changes.slice(before)).toEqual([1]);
    model.steps(50, shared);
    expect(model.engine.threads).toBe(1);
  });

  test('a collapse from the first step on is found too', () => {
    const model = start(8);
    model.steps(100, (threads) => (threads === 1 ? 1 : 0.05 / threads));
    expect(model.engine.threads).toBe(1);
  });

  test('a collapse while reading is met as well', () => {
    const model = start(2);
    const read = { kind: 'prefill', tokens: 64 } as const;
    model.steps(20, (threads) => 0.2 * threads, read);
    model.steps(3, (threads) => (threads === 1 ? 0.2 : 0.01), read);
    expect(model.engine.threads).toBe(1);
  });

  test('the threads come back when the core does', () => {
    const model = start(2);
    model.steps(100, quiet);
    model.steps(50, shared);
    expect(model.engine.threads).toBe(1);
    model.idle(10_000);
    model.steps(200, quiet);
    expect(model.engine.threads).toBe(2);
  });

  test('trying in vain becomes rare: most steps run with what is fast', () => {
    const model = start(2);
    let stepsWithTwo = 0;
    for (let index = 0; index < 60_000; index += 1) {
      model.step(shared);
      if (model.engine.threads === 2) stepsWithTwo += 1;
    }
    expect(stepsWithTwo).toBeLessThan(100);
  });
});

test('a text that has become slow for its own reasons keeps its threads', () => {
  const model = start(4);
  model.steps(100, quiet);
  model.steps(200, slow);
  expect(model.engine.threads).toBe(4);
});

test('a trial whose steps do not come any more ends', () => {
  const model = start(4);
  model.steps(16, quiet);
  expect(model.engine.threads).toBe(2);
  model.idle(6000);
  model.step(quiet, { kind: 'prefill', tokens: 100 });
  expect(model.engine.threads).toBe(4);
});

describe('what the daemon allows', () => {
  test('is used at once', () => {
    const { engine } = start(4);
    expect(engine.setAllowed(2)).toBe(2);
    expect(engine.threads).toBe(2);
    expect(engine.setAllowed(6)).toBe(6);
  });

  test('is never exceeded, whatever the steps', () => {
    const step = fc.record({
      tokens: fc.integer({ min: 0, max: 600 }),
      ms: fc.double({ min: 0, max: 5000, noNaN: true }),
      kind: fc.constantFrom('decode' as const, 'prefill' as const),
      allowed: fc.option(fc.integer({ min: -1, max: 9 }), { nil: undefined, freq: 10 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        let clock = 0;
        const tuner = createThreadTuner(4, () => clock);
        for (const { allowed, ...observed } of steps) {
          clock += observed.ms;
          if (allowed !== undefined) tuner.setAllowed(allowed);
          const changed = tuner.observe(observed);
          expect(changed ?? tuner.threads).toBe(tuner.threads);
          expect(tuner.threads).toBeGreaterThanOrEqual(1);
          expect(tuner.threads).toBeLessThanOrEqual(tuner.allowed);
        }
      }),
    );
  });

  test('nonsense changes nothing', () => {
    const { engine } = start(4);
    for (const ms of [0, -1, Number.NaN]) {
      expect(engine.observe({ tokens: 1, ms, kind: 'decode' })).toBeUndefined();
    }
    expect(engine.setAllowed(0)).toBe(1);
  });
});
