import { describe, expect, test } from 'vitest';
import { RunningCalls } from '../../../daemon/workers/running-calls.ts';
import { pendingCall } from '../../support/pending-call.ts';

/** Running calls: `a` is an interactive one of app a, `a-` a background one. */
function running(names: string, places = { maxConcurrent: 2, maxOvercommit: 1 }): RunningCalls {
  const calls = new RunningCalls(places);
  for (const [id, name] of names.split(' ').filter(Boolean).entries())
    calls.add(pendingCall({ id, app: name.charAt(0), isBackground: name.endsWith('-') }));
  return calls;
}

function mayBegin(
  names: string,
  name: string,
  places?: { maxConcurrent: number; maxOvercommit: number },
) {
  return running(names, places).admission()(name.charAt(0), name.endsWith('-'));
}

describe('a free place', () => {
  test.each(['a', 'b'])('is for anybody: %s', (name) => {
    expect(mayBegin('a', name)).toBe(true);
  });

  test('is kept for interactive calls when it is the last one', () => {
    expect(mayBegin('a-', 'b-')).toBe(false);
    expect(mayBegin('a-', 'b')).toBe(true);
    expect(mayBegin('a', 'b-')).toBe(true);
  });

  test('is a background call’s too where there is but one', () => {
    expect(mayBegin('', 'a-', { maxConcurrent: 1, maxOvercommit: 0 })).toBe(true);
  });
});

describe('when all places are taken', () => {
  test.each([
    ['a newcomer joins an app that has two', 'a a', 'b', true],
    ['nobody joins apps that have one each', 'a b', 'c', false],
    ['whoever runs already does not join', 'a a', 'a', false],
    ['an interactive call joins a background one', 'a- b', 'c', true],
    ['also of the app whose background call runs', 'a- b', 'a', true],
    ['but not when its app has an interactive one', 'a- b', 'b', false],
    ['a background newcomer never crowds interactive calls', 'a a', 'b-', false],
  ])('%s', (_name, names, name, isAdmitted) => {
    expect(mayBegin(names, name)).toBe(isAdmitted);
  });

  test('a background newcomer joins an app that has two background calls', () => {
    expect(mayBegin('a- a- b c', 'd-', { maxConcurrent: 4, maxOvercommit: 1 })).toBe(true);
  });

  test('no more join than there is room for', () => {
    expect(mayBegin('a a b', 'c')).toBe(false);
    expect(mayBegin('a a', 'b', { maxConcurrent: 2, maxOvercommit: 0 })).toBe(false);
  });
});
