import { expect, test } from 'vitest';
import { CallQueue } from '../../../daemon/workers/call-queue.ts';
import { PendingCall } from '../../../daemon/workers/pending-call.ts';

let nextId = 1;

/** `a`: an interactive call of app a; `a-`: a background one. */
function callOf(name: string): PendingCall {
  const priority = name.endsWith('-') ? 'background' : 'interactive';
  return new PendingCall({
    id: nextId++,
    op: 'echo',
    params: name,
    options: { app: name.charAt(0), priority },
    onInterrupt: () => undefined,
  });
}

function fill(names: string): CallQueue {
  const queue = new CallQueue();
  for (const name of names.split(' ')) queue.push(callOf(name));
  return queue;
}

function drain(queue: CallQueue): string {
  const order: unknown[] = [];
  for (let call = queue.shift(); call !== undefined; call = queue.shift()) order.push(call.params);
  return order.join(' ');
}

test('the calls of one app keep their order', () => {
  const queue = new CallQueue();
  const calls = [callOf('a'), callOf('a'), callOf('a')];
  for (const call of calls) queue.push(call);
  expect(calls.map(() => queue.shift())).toEqual(calls);
  expect(queue.length).toBe(0);
});

test.each([
  ['apps take turns', 'a a a a b b c', 'a b c a b a a'],
  ['interactive calls go before background ones', 'a- a- b- a b', 'a b a- b- a-'],
])('%s', (_name, pushed, order) => {
  expect(drain(fill(pushed))).toBe(order);
});

test('an app that keeps adding does not get before one that waits', () => {
  const queue = fill('a b b b');
  const order: unknown[] = [];
  for (let turn = 0; turn < 6; turn++) {
    order.push(queue.shift()?.params);
    if (order.at(-1) === 'a') queue.push(callOf('a'));
  }
  expect(order.join(' ')).toBe('a b b a b a');
});

test('an app that comes late waits behind one call of each other, not behind all', () => {
  const queue = fill('a a a a a a');
  queue.shift();
  queue.shift();
  queue.push(callOf('b'));
  expect(drain(queue)).toBe('b a a a a');
});

test('calls that were given up leave their place', () => {
  const queue = new CallQueue();
  const [first, second] = [callOf('a'), callOf('a')];
  queue.push(first);
  queue.push(second);
  queue.remove(first);
  queue.push(callOf('b'));
  expect(queue.length).toBe(2);
  expect(drain(queue)).toBe('a b');
});

test('restored calls go first, in their order', () => {
  const queue = fill('a b');
  queue.restore([callOf('c-'), callOf('d')]);
  queue.push(callOf('e'));
  expect(drain(queue)).toBe('c- d a b e');
});
