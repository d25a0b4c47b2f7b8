import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { callOf, openVault, vaultKeyOf } from '../../../support/vault.ts';

const call = callOf();

/** Each look at the clock finds that this turn is over, as if every step took long. */
beforeEach(() => {
  let nowMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 1000));
});
afterEach(() => {
  vi.restoreAllMocks();
});

const LOCKED = { reason: 'Conflict', details: { rule: 'vault_locked' } };

test('a key that is erased while others have their turn neither opens nor seals a value', async () => {
  const [opening, sealing] = [vaultKeyOf(), vaultKeyOf()];
  const vault = openVault({ opening, sealing });
  const plain = { type: 'json', value: { zero: -0 } } as const;
  const envelope = await vault.encrypt(call, plain, { version: 2, database: 'opening' });
  expect(await vault.decrypt(call, envelope, { database: 'opening' })).toEqual(plain);
  setImmediate(() => {
    opening.erase();
    sealing.erase();
  });
  const opened = vault.decrypt(call, envelope, { database: 'opening' });
  const sealed = vault.encrypt(call, plain, { version: 2, database: 'sealing' });
  const outcomes = await Promise.allSettled([opened, sealed]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: LOCKED });
});

test('JSON too deep for a message stays shut', async () => {
  const vault = openVault({ db: vaultKeyOf() });
  const deep: unknown = JSON.parse('['.repeat(500) + ']'.repeat(500));
  const asJson = vault.encrypt(call, { type: 'json', value: deep }, { version: 2, database: 'db' });
  await expect(asJson).rejects.toMatchObject({ details: { rule: 'not_json' } });
});
