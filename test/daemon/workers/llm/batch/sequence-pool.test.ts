import { beforeEach, describe, expect, test } from 'vitest';
import {
  createSequencePool,
  type SequencePool,
} from '../../../../../daemon/workers/llm/batch/sequence-pool.ts';
import { createCountingContext } from '../../../../fakes/counting-context.ts';

const STORY = Array.from({ length: 40 }, (_value, at) => at);
const OTHER = Array.from({ length: 40 }, (_value, at) => 100 + at);

let pool: SequencePool;
beforeEach(() => {
  pool = createSequencePool(createCountingContext({ sequences: 2 }));
});

/** Reads a text as the batch does, and leaves it there. */
function read(owner: string, prompt: readonly number[], session = owner) {
  const seat = pool.take({ owner, session, tokens: prompt, promptLength: prompt.length });
  if (seat === undefined) throw new Error('no seat');
  const kept = seat.tokens.length;
  seat.tokens.push(...prompt.slice(kept));
  return {
    seat,
    kept,
    leave: () => {
      pool.release(seat, prompt.length);
    },
  };
}

describe('what was read', () => {
  test('is found again by its owner, but for the last two tokens', () => {
    read('a', STORY).leave();
    expect(read('a', STORY).kept).toBe(38);
  });

  test('is found again as the beginning of a longer text', () => {
    read('a', STORY).leave();
    expect(read('a', [...STORY, 7, 8, 9]).kept).toBe(40);
  });

  test('is never found by another owner, not even when no other place is free', () => {
    read('a', STORY).leave();
    read('a', OTHER);
    expect(read('b', STORY).kept).toBe(0);
  });

  test('is cut where another text goes on otherwise', () => {
    read('a', STORY).leave();
    expect(read('a', [...STORY.slice(0, 30), 7, 8, 9]).kept).toBe(30);
  });

  test('is not given up for a short common beginning while a place is empty', () => {
    read('a', STORY).leave();
    const second = read('a', [...STORY.slice(0, 5), ...OTHER]);
    expect(second.kept).toBe(0);
    second.leave();
    expect(read('a', STORY).kept).toBe(38);
  });

  test('goes when its session ends', () => {
    read('a', STORY, 'first').leave();
    pool.forget('first');
    expect(read('a', STORY, 'second').kept).toBe(0);
  });

  test('goes when its session ends while it is still in use', () => {
    const reading = read('a', STORY, 'first');
    pool.forget('first');
    reading.leave();
    expect(read('a', STORY, 'second').kept).toBe(0);
  });

  test('stays when another session of the app ends', () => {
    read('a', STORY, 'first').leave();
    pool.forget('second');
    expect(read('a', STORY, 'first').kept).toBe(38);
  });
});

test('the place that nobody has used for longest goes first', () => {
  read('a', STORY).leave();
  read('b', OTHER).leave();
  read('a', STORY).leave();
  read('c', [1, 2, 3]).leave();
  expect(read('a', STORY).kept).toBe(38);
});

test('no place is given twice', () => {
  read('a', STORY);
  read('b', OTHER);
  expect(pool.take({ owner: 'c', session: 'c', tokens: [1, 2], promptLength: 2 })).toBeUndefined();
});

describe('what was written', () => {
  /** Reads a prompt, writes an answer behind it, and leaves both. */
  function converse(prompt: readonly number[], answer: readonly number[]): void {
    const { seat, leave } = read('a', prompt);
    seat.tokens.push(...answer);
    leave();
  }

  test('is used again as a whole, in the next turn', () => {
    converse(STORY, [500, 501, 502]);
    expect(read('a', [...STORY, 500, 501, 502, 7, 8]).kept).toBe(43);
  });

  test('is not used again where another text begins with the same few tokens', () => {
    converse(STORY, [500, 501, 502]);
    expect(read('a', [...STORY, 500, 501, 7, 8, 9]).kept).toBe(40);
  });

  test('is found again by the text itself, which had to make room', () => {
    converse(STORY, [500, 501]);
    const tokens = [...STORY, 500, 501, 502];
    const seat = pool.take({ owner: 'a', session: 'a', tokens, promptLength: 40 });
    expect(seat?.tokens).toHaveLength(42);
  });

  test('is not mixed with a prompt of which one token is left', () => {
    read('a', STORY).leave();
    const seat = pool.take({ owner: 'a', session: 'a', tokens: [...STORY, 500], promptLength: 40 });
    expect([38, 40]).toContain(seat?.tokens.length);
  });
});
