import { expect, test } from 'vitest';
import {
  type Admission,
  createAdmission,
  type Resident,
} from '../../../../daemon/scheduler/memory/admission.ts';
import { silentLog } from '../../../fakes/silent-log.ts';

/** A model that can be told how it stands; unloading it takes until `leave`. */
class FakeModel implements Resident {
  readonly model: string;
  readonly bytes: number;
  readonly used: number;
  idle = true;
  starting = false;
  leased = false;
  unloads = 0;
  #admission: Admission;
  #gone = Promise.withResolvers<boolean>();

  constructor(admission: Admission, model: string, sizes: { bytes: number; used?: number }) {
    this.#admission = admission;
    this.model = model;
    this.bytes = sizes.bytes;
    this.used = sizes.used ?? 0;
  }

  isIdle = () => this.idle;
  isStarting = () => this.starting;
  isLeased = () => this.leased;
  lastUsedAt = () => this.used;
  stopIfIdle = () => {
    this.unloads += 1;
    return this.idle ? this.#gone.promise : Promise.resolve(false);
  };

  admit(signal = new AbortController().signal): Promise<void> {
    return this.#admission.admit(this, signal);
  }

  leave(): void {
    this.#admission.left(this);
    this.#gone.resolve(true);
  }
}

function setUp(changes: { availableBytes?: () => number; waitMs?: number } = {}) {
  const admission = createAdmission({
    limitBytes: 100,
    reserveBytes: 0,
    availableBytes: () => 1000,
    waitMs: 60_000,
    log: silentLog,
    ...changes,
  });
  const model = (name: string, bytes: number, used = 0) =>
    new FakeModel(admission, name, { bytes, used });
  return { admission, model };
}

test('two loads at the same moment do not count the same bytes', async () => {
  const { admission, model } = setUp({ waitMs: 1 });
  const [first, second] = [model('a', 60), model('b', 60)];
  const both = [first.admit(), second.admit()];
  first.idle = false;
  await both[0];
  await expect(both[1]).rejects.toMatchObject({ reason: 'Busy' });
  expect(admission.heldBytes()).toBe(60);
});

test('memory that is promised but not taken yet is missing in the machine', async () => {
  const { model } = setUp({ availableBytes: () => 80, waitMs: 1 });
  const [first, second] = [model('a', 50), model('b', 50)];
  first.starting = true;
  first.idle = false;
  await first.admit();
  await expect(second.admit()).rejects.toMatchObject({ reason: 'Busy' });
});

test('the least recently used idle model goes first, leased ones last, busy ones never', async () => {
  const { model } = setUp();
  const [busy, leased, old, recent] = [
    model('busy', 20, 1),
    model('leased', 20, 2),
    model('old', 20, 3),
    model('recent', 20, 4),
  ];
  for (const each of [busy, leased, old, recent]) await each.admit();
  busy.idle = false;
  leased.leased = true;
  const wanted = model('wanted', 80).admit();
  expect([busy, leased, old, recent].map(({ unloads }) => unloads)).toEqual([0, 1, 1, 1]);
  for (const each of [leased, old, recent]) each.leave();
  await wanted;
});

test('no more is unloaded than is needed', async () => {
  const { model } = setUp();
  const [old, recent] = [model('old', 40, 1), model('recent', 40, 2)];
  await old.admit();
  await recent.admit();
  const wanted = model('wanted', 50).admit();
  expect([old.unloads, recent.unloads]).toEqual([1, 0]);
  old.leave();
  await wanted;
});

test('nothing is unloaded for a model that can never fit', async () => {
  const { model } = setUp();
  const idle = model('idle', 40);
  await idle.admit();
  await expect(model('huge', 101).admit()).rejects.toMatchObject({
    reason: 'InsufficientResources',
    details: { neededBytes: 101, limitBytes: 100, model: 'huge' },
  });
  expect(idle.unloads).toBe(0);
});

test('a model that fits but for other programs is refused at once', async () => {
  const { model } = setUp({ availableBytes: () => 10 });
  await expect(model('a', 50).admit()).rejects.toMatchObject({
    reason: 'InsufficientResources',
    message: expect.stringContaining('Other programs') as string,
  });
});

test('who waits for a busy model is served as soon as it is idle', async () => {
  const { admission, model } = setUp();
  const busy = model('busy', 80);
  await busy.admit();
  busy.idle = false;
  const wanted = model('wanted', 50).admit();
  expect(busy.unloads).toBe(0);
  busy.idle = true;
  admission.changed();
  expect(busy.unloads).toBe(1);
  busy.leave();
  await wanted;
});

test('a small model passes one that waits', async () => {
  const { model } = setUp();
  const busy = model('busy', 80);
  await busy.admit();
  busy.idle = false;
  const end = new AbortController();
  const wanted = model('wanted', 50).admit(end.signal);
  await model('small', 20).admit();
  end.abort();
  await expect(wanted).rejects.toMatchObject({ reason: 'Cancelled' });
});

test('a model that became busy in between stays, and another goes', async () => {
  const { model } = setUp();
  const [first, second] = [model('first', 50, 1), model('second', 50, 2)];
  await first.admit();
  await second.admit();
  const stop = first.stopIfIdle;
  first.stopIfIdle = () => {
    first.idle = false;
    return stop();
  };
  const wanted = model('wanted', 50).admit();
  await expect.poll(() => second.unloads).toBe(1);
  second.leave();
  await wanted;
});

test('pressure unloads one without a lease, or all that are idle', async () => {
  const { admission, model } = setUp();
  const [busy, leased, old, recent] = [
    model('busy', 20, 1),
    model('leased', 20, 2),
    model('old', 20, 3),
    model('recent', 20, 4),
  ];
  for (const each of [busy, leased, old, recent]) await each.admit();
  busy.idle = false;
  leased.leased = true;
  const unload = (which: 'one' | 'all') =>
    admission.unloadIdle(which).map((resident) => resident.model);
  expect(unload('one')).toEqual(['old']);
  expect(unload('all')).toEqual(['recent', 'leased']);
});
