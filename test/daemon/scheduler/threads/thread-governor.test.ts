import { describe, expect, test } from 'vitest';
import { createEngineUse } from '../../../../daemon/scheduler/threads/engine-use.ts';
import { createThreadGovernor } from '../../../../daemon/scheduler/threads/thread-governor.ts';

const BUDGET = { total: 7, each: 6, why: 'One of 8 cores stays free for other programs.' };

function share(budget = BUDGET) {
  const governor = createThreadGovernor(budget, { lingerMs: 0 });
  const told: string[] = [];
  const add = (name: string, isSingle = false) =>
    governor.add({ isSingle, tell: (threads) => told.push(`${name} ${threads}`) });
  return { add, told };
}

describe('engines that compute at the same time', () => {
  test('share the threads, and have them back when alone', async () => {
    const { add, told } = share();
    const [story, poem] = [add('story'), add('poem')];
    story.begin();
    poem.begin();
    expect(told).toEqual(['story 4', 'poem 3']);
    poem.end();
    await expect.poll(() => told.slice(2)).toEqual(['story 6']);
  });

  test('are not told what they know', () => {
    const { add, told } = share();
    const story = add('story');
    story.begin();
    story.end();
    story.begin();
    add('idle');
    expect(told).toEqual([]);
  });

  test('keep their share over a moment without work', async () => {
    const { add, told } = share();
    const [story, poem] = [add('story'), add('poem')];
    story.begin();
    poem.begin();
    poem.end();
    poem.begin();
    await new Promise(setImmediate);
    expect(told).toEqual(['story 4', 'poem 3']);
  });

  test('leave one thread to an engine that has never more', () => {
    const { add, told } = share({ ...BUDGET, each: 7 });
    const [story, reader] = [add('story'), add('reader', true)];
    story.begin();
    reader.begin();
    expect(told).toEqual(['story 6']);
  });

  test('are told their share again when their process is new', () => {
    const { add, told } = share();
    const [story, poem] = [add('story'), add('poem')];
    story.begin();
    poem.begin();
    story.restart();
    expect(told).toEqual(['story 4', 'poem 3', 'story 4']);
  });

  test('say why they have so many', () => {
    const { add } = share();
    const [story, poem] = [add('story'), add('poem')];
    story.begin();
    expect(story.why()).toBe(BUDGET.why);
    poem.begin();
    expect(story.why()).toBe(`${BUDGET.why} One other engine computes at the same time.`);
    expect(story.alone()).toEqual({ threads: 6, why: BUDGET.why });
  });
});

describe('the use of one engine', () => {
  const create = () => {
    const events: string[] = [];
    const use = createEngineUse({
      onBusy: () => events.push('busy'),
      onIdle: () => events.push('idle'),
    });
    return { use, events };
  };

  test('is busy from the first call to the last answer', () => {
    const { use, events } = create();
    const ends = [use.begin('a/one'), use.begin('b/two'), use.begin('a/one')];
    expect(use.of('a/one')).toEqual({ calls: 2, hasCalled: true });
    for (const end of ends) end();
    expect(events).toEqual(['busy', 'idle']);
    expect(use.of('a/one')).toEqual({ calls: 0, hasCalled: true });
  });

  test('of other apps does not count', () => {
    const { use } = create();
    use.begin('a/one');
    expect(use.of('b/two')).toEqual({ calls: 0, hasCalled: false });
  });

  test('is forgotten with the process, but for calls that wait for the next one', () => {
    const { use } = create();
    use.begin('a/one')();
    use.begin('b/two');
    use.forget();
    expect(use.of('a/one').hasCalled).toBe(false);
    expect(use.of('b/two').hasCalled).toBe(true);
  });
});
