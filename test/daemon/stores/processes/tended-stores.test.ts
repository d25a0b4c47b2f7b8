import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTendedStores } from '../../../../daemon/stores/processes/tended-stores.ts';
import { createInProcessStoreWorker } from '../../../support/store-worker.ts';
import { makeStoreStart } from '../../../support/temporary-store.ts';
import { silentLog } from '../../../fakes/silent-log.ts';

const STORE = { id: 'acme/notes', name: 'acme/notes', isOptedIn: true };
const IDLE_MS = 15_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A store of its own, and the ops that reach it. */
function makeTended() {
  const inner = createInProcessStoreWorker(
    {
      kind: 'store',
      model: STORE.id,
      start: () => Promise.resolve(makeStoreStart()),
    } as never,
    { onReady: () => undefined, onExit: () => undefined },
  );
  const called: string[] = [];
  const worker = {
    ...inner,
    call: (...[op, params, options]: Parameters<typeof inner.call>) => {
      called.push(op);
      return inner.call(op, params, options);
    },
  } as typeof inner;
  const tended = createTendedStores({ log: silentLog });
  return { tended, called, store: tended.tend(worker, STORE) };
}
const write = { sql: 'CREATE TABLE notes (body)' };

test('a store that was written to and rests is copied', async () => {
  const { store, called } = makeTended();
  await store.call('exec', write);
  await vi.advanceTimersByTimeAsync(IDLE_MS);
  expect(called).toEqual(['exec', 'tendBackups']);
});

test('a store that was closed amid a call is not opened again for a copy', async () => {
  const { tended, store, called } = makeTended();
  const running = store.call('exec', write);
  tended.forget(STORE.id);
  await running;
  await vi.advanceTimersByTimeAsync(IDLE_MS);
  expect(called).toEqual(['exec']);
});
