import { beforeEach, describe, expect, test } from 'vitest';
import type { Block } from '@locara/protocol';
import type { AppRecord } from '../../../../daemon/access/apps/app-registry.ts';
import { reachesTier } from '../../../../daemon/access/rights/attestation-tier.ts';
import type { Blocks } from '../../../../daemon/access/trust/blocks.ts';
import { createRightsReader } from '../../../../daemon/access/rights/effective-rights.ts';
import { consentTo, revokeAccess } from '../../../../daemon/access/rights/grants.ts';
import { createInstallBench, type InstallBench } from '../../../support/install-bench.ts';
import { bestCpuMs } from '../../../support/cpu-time.ts';

const appId = 'acme/notes';
const block: Block = { reason: 'stolen key', seq: 2 };

let bench: InstallBench;
beforeEach(async () => {
  bench = await createInstallBench();
  await bench.install();
});

function record(): AppRecord {
  const found = bench.registry.find(appId);
  if (found === undefined) throw new Error('it is not installed');
  return found;
}

/** A revocation list that a test replaces. */
function createSwitch(): Blocks & {
  block(by: Block | undefined): void;
  readonly asked: () => number;
} {
  let current: Block | undefined;
  let asked = 0;
  const listeners = new Set<() => void>();
  return {
    find: () => {
      asked += 1;
      return current;
    },
    isStale: () => false,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    block: (by) => {
      current = by;
      for (const listener of listeners) listener();
    },
    asked: () => asked,
  };
}

describe('what is remembered is never stale', () => {
  test('after a revocation, a consent, and a revocation of the whole app', async () => {
    const read = createRightsReader(createSwitch());
    const has = () => read(record(), 'install-key').has('store:write');
    expect(has()).toBe(true);
    await revokeAccess(bench.grants, appId, 'store:write');
    expect(has()).toBe(false);
    await consentTo(bench.grants, { appId, capability: 'store:write' });
    expect(has()).toBe(true);
    await revokeAccess(bench.grants, appId);
    expect(has()).toBe(false);
  });

  test('after another revocation list', () => {
    const list = createSwitch();
    const read = createRightsReader(list);
    const has = () => read(record(), 'install-key').has('store:read');
    expect(has()).toBe(true);
    list.block(block);
    expect(has()).toBe(false);
    list.block(undefined);
    expect(has()).toBe(true);
    expect(list.asked()).toBe(3);
  });

  test('and one attestation never answers for another', () => {
    const read = createRightsReader(createSwitch());
    const strong = read(record(), 'daemon-launched-sandbox');
    expect(read(record(), 'development')).not.toBe(strong);
    expect(read(record(), 'daemon-launched-sandbox')).toBe(strong);
  });
});

test('a capability with a floor is held from that attestation up', () => {
  const floors = { 'store:sql': 'daemon-launched-sandbox' } as const;
  expect(reachesTier('os-code-identity', 'store:sql', floors)).toBe(true);
  expect(reachesTier('daemon-launched-sandbox', 'store:sql', floors)).toBe(true);
  expect(reachesTier('install-key', 'store:sql', floors)).toBe(false);
  expect(reachesTier('development', 'store:read', floors)).toBe(true);
});

test('a check costs less than 5 µs', () => {
  const read = createRightsReader(createSwitch());
  const check = (): boolean => {
    const now = bench.registry.find(appId);
    return now !== undefined && read(now, 'install-key').has('store:read');
  };
  const checks = 20_000;
  const mostMs = (5 * checks) / 1000;
  const best = bestCpuMs(mostMs, () => {
    for (let index = 0; index < checks; index += 1) check();
  });
  expect(best).toBeLessThan(mostMs);
});
