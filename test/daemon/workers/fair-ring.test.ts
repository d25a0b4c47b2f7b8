import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BACKGROUND_EVERY, CallQueue } from '../../../daemon/workers/call-queue.ts';
import { QUANTUM } from '../../../daemon/workers/fair-ring.ts';
import { pendingCall } from '../../support/pending-call.ts';
import { cpuMsOf } from '../../support/cpu-time.ts';

const MAX_COST = 50;
const APPS = ['a', 'b', 'c', 'd'];

const costs = fc.integer({ min: 1, max: MAX_COST });
/** App, whether background, cost. */
const manyCalls = fc.array(fc.tuple(fc.constantFrom(...APPS), fc.boolean(), costs), {
  maxLength: 200,
  size: 'max',
});

/** Serves while every app waits; what each was served by then. */
function serveWhileAllWait(queue: CallQueue, charge = (cost: number) => cost): Map<string, number> {
  const served = new Map(APPS.map((app) => [app, 0]));
  while (APPS.every((app) => queue.lengthOf(app) > 0)) {
    const call = queue.shift();
    if (call === undefined) break;
    const cost = charge(call.cost);
    queue.settle(call, cost);
    served.set(call.app, (served.get(call.app) ?? 0) + cost);
  }
  return served;
}

function spread(served: ReadonlyMap<string, number>): number {
  return Math.max(...served.values()) - Math.min(...served.values());
}

describe('apps that all wait', () => {
  test('are served costs that differ by at most a quantum and the dearest call', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...APPS), costs), { maxLength: 300, size: 'max' }),
        (calls) => {
          const queue = new CallQueue();
          for (const [app, cost] of calls) queue.push(pendingCall({ app, cost }));
          expect(spread(serveWhileAllWait(queue))).toBeLessThanOrEqual(QUANTUM + MAX_COST);
        },
      ),
    );
  });

  test('are served equally by what calls truly took, however wrong the guesses', () => {
    const guesses = fc.record(Object.fromEntries(APPS.map((app) => [app, costs])));
    const truths = fc.array(costs, { minLength: 1, maxLength: 40, size: 'max' });
    fc.assert(
      fc.property(guesses, truths, (guessOf, truth) => {
        const queue = new CallQueue();
        for (let n = 0; n < 60; n += 1)
          for (const app of APPS) queue.push(pendingCall({ app, cost: guessOf[app] ?? 1 }));
        let next = 0;
        const served = serveWhileAllWait(queue, () => truth[next++ % truth.length] ?? 1);
        expect(spread(served)).toBeLessThanOrEqual(QUANTUM + MAX_COST);
      }),
    );
  });
});

test('a newcomer waits for no more than one call of each app that floods', () => {
  fc.assert(
    fc.property(
      fc.array(costs, { minLength: 2, maxLength: 200, size: 'max' }),
      fc.nat(100),
      costs,
      (flood, passed, cost) => {
        const queue = new CallQueue();
        for (const each of flood)
          for (const app of ['a', 'b']) queue.push(pendingCall({ app, cost: each }));
        for (let n = 0; n < Math.min(passed, flood.length - 1); n += 1) queue.shift();
        const newcomer = pendingCall({ app: 'c', cost });
        queue.push(newcomer);
        const before: string[] = [];
        for (let call = queue.shift(); call !== newcomer; call = queue.shift())
          before.push(call?.app ?? '');
        expect(before.length).toBe(new Set(before).size);
      },
    ),
  );
});

test('an app that asks call by call, dearer ones than it says, gets no more than one that waits', () => {
  fc.assert(
    fc.property(costs, costs, (cheap, dear) => {
      const queue = new CallQueue();
      for (let n = 0; n < 2000; n += 1) queue.push(pendingCall({ app: 'patient', cost: cheap }));
      const served = { patient: 0, sly: 0 };
      queue.push(pendingCall({ app: 'sly' }));
      for (let n = 0; n < 300; n += 1) {
        const call = queue.shift();
        if (call === undefined) break;
        const cost = call.app === 'sly' ? dear : cheap;
        queue.settle(call, cost);
        served[call.app as keyof typeof served] += cost;
        if (call.app === 'sly') queue.push(pendingCall({ app: 'sly' }));
      }
      expect(served.sly - served.patient).toBeLessThanOrEqual(QUANTUM + Math.max(cheap, dear));
    }),
  );
});

describe('classes', () => {
  test('every eighth call that begins is a background one while both wait, and none more', () => {
    fc.assert(
      fc.property(manyCalls, (calls) => {
        const queue = new CallQueue();
        const left = { interactive: 0, background: 0 };
        for (const [app, isBackground, cost] of calls) {
          queue.push(pendingCall({ app, cost, isBackground }));
          left[isBackground ? 'background' : 'interactive'] += 1;
        }
        let overtaken = 0;
        while (left.interactive > 0 && left.background > 0) {
          const isBackground = queue.shift()?.isBackground === true;
          left[isBackground ? 'background' : 'interactive'] -= 1;
          expect(isBackground).toBe(overtaken === BACKGROUND_EVERY - 1);
          overtaken = isBackground ? 0 : overtaken + 1;
        }
      }),
    );
  });
});

test('the calls of one app and class begin in the order they came, also those that remain after cancels', () => {
  const arrivals = fc.array(fc.tuple(fc.constantFrom(...APPS), fc.boolean(), costs, fc.boolean()), {
    maxLength: 200,
    size: 'max',
  });
  fc.assert(
    fc.property(arrivals, (calls) => {
      const queue = new CallQueue();
      const pushed = calls.map(([app, isBackground, cost]) =>
        pendingCall({ app, cost, isBackground }),
      );
      for (const call of pushed) queue.push(call);
      const left = pushed.filter((call, index) => {
        if (calls[index]?.[3] === true) queue.remove(call);
        return calls[index]?.[3] !== true;
      });
      expect(queue.length).toBe(left.length);
      const begun = [];
      for (let call = queue.shift(); call !== undefined; call = queue.shift()) begun.push(call);
      for (const app of APPS)
        for (const isBackground of [true, false]) {
          const isOfLine = (call: (typeof pushed)[number]) =>
            call.app === app && call.isBackground === isBackground;
          expect(begun.filter(isOfLine)).toEqual(left.filter(isOfLine));
        }
    }),
  );
});

test('the order that is announced is the order in which calls begin', () => {
  fc.assert(
    fc.property(manyCalls, fc.nat(20), (calls, begunBefore) => {
      const queue = new CallQueue();
      for (const [app, isBackground, cost] of calls)
        queue.push(pendingCall({ app, cost, isBackground }));
      for (let n = 0; n < begunBefore; n += 1) queue.shift();
      const announced = queue.inOrder();
      expect(announced.map(() => queue.shift())).toEqual(announced);
    }),
  );
});

test('twenty thousand waiting calls come, go and are told their places in a blink', () => {
  const queue = new CallQueue();
  const calls = Array.from({ length: 20_000 }, (_, index) =>
    pendingCall({ app: `app-${index % 20}` }),
  );
  const cpuMs = cpuMsOf(() => {
    for (const call of calls) queue.push(call);
    for (let n = 0; n < 10; n += 1) queue.inOrder();
    for (const call of calls.slice(0, 5000)) queue.remove(call);
    while (queue.shift() !== undefined);
  });
  expect(cpuMs).toBeLessThan(3000);
});
