import { expect, test } from 'vitest';
import type { Caller } from '../../../../../daemon/workers/llm/ops.ts';
import { createVectorTurns } from '../../../../../daemon/workers/llm/vectors/vector-turns.ts';

/** A first token at which the engine fails. */
const FAILURE = -1;

/** A context whose numbers are the first token; it notes what it read, and takes a turn of the event loop for each. */
function setUp() {
  const read: number[] = [];
  const threads: number[] = [];
  const turns = createVectorTurns({
    read: async ([first = 0]) => {
      read.push(first);
      await new Promise(setImmediate);
      if (first === FAILURE) throw new Error('the engine failed');
      return Float32Array.of(first);
    },
    setThreads: (count) => {
      threads.push(count);
    },
  });
  const ask = (owner: string, firsts: readonly number[], choices: Asked = {}) => {
    const seen: number[] = [];
    const { isBackground = false, signal = new AbortController().signal, size = 4 } = choices;
    const caller: Caller = { owner, session: `${owner} 1`, isBackground };
    const inputs = firsts.map((first) => [first, ...new Array<number>(size - 1).fill(0)]);
    const onVector = ([value = NaN]: Float32Array, index: number) => {
      expect(value).toBe(firsts[index]);
      seen.push(value);
    };
    return { seen, done: turns.read({ caller, inputs, signal, onVector }) };
  };
  return { turns, read, threads, ask };
}

interface Asked {
  readonly isBackground?: boolean;
  readonly signal?: AbortSignal;
  /** Tokens of each text. */
  readonly size?: number;
}

const range = (from: number, count: number) =>
  Array.from({ length: count }, (_value, at) => from + at);

test('each caller gets its own, in order', async () => {
  const { ask } = setUp();
  const asked = [ask('a', range(100, 20)), ask('b', range(200, 9)), ask('a', range(300, 5))];
  await Promise.all(asked.map(({ done }) => done));
  expect(asked.map(({ seen }) => seen)).toEqual([range(100, 20), range(200, 9), range(300, 5)]);
});

test('who comes to a long list waits for one text of it at most', async () => {
  const { ask, read } = setUp();
  const long = ask('flood', range(1000, 200));
  while (read.length < 50) await new Promise(setImmediate);
  const before = read.length;
  await ask('late', [7]).done;
  expect(read.indexOf(7)).toBeLessThanOrEqual(before + 1);
  await long.done;
});

test('many lists of one owner get no more than the one of another', async () => {
  const { ask, read } = setUp();
  const flood = range(1, 10).map((at) => ask('flood', range(1000 * at, 20)));
  const one = ask('one', range(1, 20));
  await one.done;
  expect(read.length).toBeLessThanOrEqual(42);
  await Promise.all(flood.map(({ done }) => done));
});

test('two lists of one owner take turns', async () => {
  const { ask, read } = setUp();
  const long = ask('one', range(1000, 50));
  const short = ask('one', range(1, 5));
  await short.done;
  expect(read.length).toBeLessThanOrEqual(11);
  await long.done;
});

test('owners get equal tokens, not equal numbers of texts', async () => {
  const { ask, read } = setUp();
  const long = ask('long', range(1000, 10), { size: 100 });
  const short = ask('short', range(1, 100), { size: 10 });
  await long.done;
  const shortRead = read.filter((first) => first <= 100).length;
  expect(shortRead).toBeGreaterThan(75);
  await short.done;
});

test('background lists wait, but not for ever', async () => {
  const { ask, read } = setUp();
  const background = ask('slow', range(1000, 40), { isBackground: true });
  const interactive = ask('fast', range(1, 40));
  await interactive.done;
  const backgroundRead = read.filter((first) => first >= 1000).length;
  expect(backgroundRead).toBeGreaterThan(5);
  expect(backgroundRead).toBeLessThan(20);
  await background.done;
});

test('a cancelled list ends at once and its texts are not read', async () => {
  const { ask, read } = setUp();
  const abort = new AbortController();
  const cancelled = ask('a', range(1000, 100), { signal: abort.signal });
  const other = ask('b', range(1, 10));
  while (read.length < 5) await new Promise(setImmediate);
  abort.abort();
  await expect(cancelled.done).rejects.toMatchObject({ reason: 'Cancelled' });
  await other.done;
  expect(read.length).toBeLessThan(20);
  expect(other.seen).toEqual(range(1, 10));
});

test('a failure of the engine and numbers that are none fail one call alone', async () => {
  const { ask } = setUp();
  const fine = ask('b', [1, 2, 3]);
  const failed = expect(ask('c', [FAILURE]).done).rejects.toThrow('the engine failed');
  await expect(ask('a', [NaN]).done).rejects.toMatchObject({
    reason: 'Unavailable',
    details: { rule: 'not_finite' },
  });
  await failed;
  await fine.done;
  expect(fine.seen).toEqual([1, 2, 3]);
});

test('threads change between two texts', async () => {
  const { turns, ask, threads } = setUp();
  turns.setThreads(2);
  expect(threads).toEqual([]);
  await ask('a', [1]).done;
  expect(threads).toEqual([2]);
});

test('nothing to read is done', async () => {
  await setUp().ask('a', []).done;
});
