import { expect, test } from 'vitest';
import { createLeases, MAX_LEASES_PER_APP } from '../../../daemon/models/leases.ts';

function setUp() {
  const told: string[] = [];
  const leases = createLeases((digest, isHeld) =>
    told.push(`${isHeld ? 'hold' : 'free'} ${digest}`),
  );
  const session = { id: 's1', appId: 'acme/notes' };
  const take = (changes: Partial<Parameters<typeof leases.take>[0]> = {}) =>
    leases.take({ session, digest: 'd', ttlMs: 60_000, load: () => Promise.resolve(), ...changes });
  return { told, leases, session, take };
}

test('a model is held until its last lease ends', async () => {
  const { told, leases, session, take } = setUp();
  const [first, second] = [await take(), await take()];
  expect(first.id).not.toBe(second.id);
  leases.release(session, first.id);
  expect(told).not.toContain('free d');
  leases.release(session, second.id);
  expect(told.at(-1)).toBe('free d');
});

test('a lease whose model does not load is none', async () => {
  const { told, take } = setUp();
  await expect(take({ load: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
  expect(told).toEqual(['hold d', 'free d']);
});

test('a session that ends while its model loads leaves no lease', async () => {
  const { told, leases, session, take } = setUp();
  const loading = Promise.withResolvers<undefined>();
  const taken = take({ load: () => loading.promise });
  leases.drop(session);
  loading.resolve(undefined);
  await expect(taken).rejects.toMatchObject({ reason: 'Cancelled' });
  expect(told).toEqual(['hold d', 'free d']);
});

test('loads that are under way count for the share of the app, over all its sessions', async () => {
  const { take } = setUp();
  const forever = () => new Promise<undefined>(() => undefined);
  for (let count = 0; count < MAX_LEASES_PER_APP; count++) void take({ load: forever });
  const other = { id: 's2', appId: 'acme/notes' };
  await expect(take({ session: other })).rejects.toMatchObject({ reason: 'Busy' });
  await take({ session: { id: 's3', appId: 'acme/other' } });
});
