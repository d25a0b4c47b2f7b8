import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openQuotas } from '../../../../daemon/scheduler/quotas/open-quotas.ts';
import type { QuotaHolder } from '../../../../daemon/scheduler/quotas/quota-limits.ts';
import { createFakeBootClock } from '../../../fakes/boot-clock.ts';
import { WIDE_LIMITS } from '../../../fakes/memory-quotas.ts';
import { createTemporaryFolder } from '../../../support/signed-package.ts';

const HOUR_MS = 60 * 60 * 1000;
const DAY_LIMIT = 2400;
const NOTES: QuotaHolder = { appId: 'acme/notes', manifest: {} };
const tokens = (promptTokens: number) => ({ promptTokens, completionTokens: 0 });

function setUp(path = join(createTemporaryFolder(), 'token-use.json')) {
  const bootClock = createFakeBootClock();
  const warnings: (readonly [string, unknown])[] = [];
  const open = () =>
    openQuotas({
      path,
      bootClock,
      settings: { ...WIDE_LIMITS, tokensPerDay: DAY_LIMIT },
      log: { warn: (event, fields) => void warnings.push([event, fields]) },
    });
  return { path, bootClock, warnings, open };
}

test('the use of the day outlives the daemon', async () => {
  const { open, warnings } = setUp();
  const before = await open();
  before.begin(NOTES, tokens(700)).settle(700);
  await before.close();
  const after = await open();
  expect(after.usageOf(NOTES)).toMatchObject({
    tokensPerDay: { used: 700 },
    tokensPerMinute: { used: 0 },
    concurrentCalls: { used: 0 },
  });
  expect(warnings).toEqual([]);
});

test('it ends 24 hours later, whatever happened between', async () => {
  const { open, bootClock } = setUp();
  const before = await open();
  before.begin(NOTES, tokens(700)).settle(700);
  await before.close();
  bootClock.pass(20 * HOUR_MS);
  const between = await open();
  expect(between.usageOf(NOTES).tokensPerDay.used).toBe(700);
  between.begin(NOTES, tokens(1)).settle(1);
  await between.close();
  bootClock.pass(5 * HOUR_MS);
  expect((await open()).usageOf(NOTES).tokensPerDay.used).toBe(1);
});

test('a daemon that is killed charges the calls that ran with what they had reserved', async () => {
  const { open } = setUp();
  const killed = await open();
  killed.begin(NOTES, tokens(300));
  await killed.save();
  const after = await open();
  expect(after.usageOf(NOTES)).toMatchObject({
    tokensPerDay: { used: 300 },
    concurrentCalls: { used: 0 },
  });
});

test('the file has names of apps and numbers alone, for the user alone', async () => {
  const { open, path } = setUp();
  const quotas = await open();
  quotas.begin(NOTES, tokens(3)).settle(3);
  await quotas.close();
  const { content } = JSON.parse(readFileSync(path, 'utf8')) as { content: { apps: object } };
  expect(Object.keys(content)).toEqual(['version', 'mark', 'unknownBeforeMs', 'apps']);
  expect(content.apps).toEqual({ 'acme/notes': [[expect.any(Number), 3]] });
});

test('without use nothing is written', async () => {
  const { open, path } = setUp();
  const quotas = await open();
  quotas.usageOf(NOTES);
  await quotas.close();
  expect(() => readFileSync(path)).toThrow('ENOENT');
});

const DAMAGE: Record<string, (path: string) => void> = {
  'cut short': (path) => {
    writeFileSync(path, readFileSync(path).subarray(0, 60));
  },
  empty: (path) => {
    writeFileSync(path, '');
  },
  'edited to less': (path) => {
    writeFileSync(path, readFileSync(path, 'utf8').replace(',2400]', ',0]'));
  },
  'another’s to write': (path) => {
    chmodSync(path, 0o666);
  },
  'of no use': (path) => {
    writeFileSync(path, JSON.stringify({ checksum: '', content: [] }));
  },
};

test.each(Object.entries(DAMAGE))(
  'a file that is %s gives away one hour of the day, and another every hour',
  async (_name, damage) => {
    const { open, path, bootClock, warnings } = setUp();
    const before = await open();
    before.begin(NOTES, tokens(DAY_LIMIT)).settle(DAY_LIMIT);
    await before.close();
    damage(path);
    const after = await open();
    expect(warnings).toMatchObject([['quotas.damaged', { reason: expect.any(String) as string }]]);
    const free = () => {
      const { limit, used } = after.usageOf(NOTES).tokensPerDay;
      return limit - used;
    };
    expect(free()).toBe(DAY_LIMIT / 24);
    after.begin(NOTES, tokens(100)).settle(100);
    expect(() => after.begin(NOTES, tokens(100))).toThrow('last 24 hours');
    bootClock.pass(2 * HOUR_MS);
    after.begin(NOTES, tokens(100)).settle(100);
    await after.close();
    const restarted = await open();
    const other = { appId: 'acme/other', manifest: {} };
    expect(restarted.usageOf(other).tokensPerDay.used).toBeGreaterThan(DAY_LIMIT / 2);
    bootClock.pass(25 * HOUR_MS);
    expect((await open()).usageOf(other).tokensPerDay.used).toBe(0);
  },
);

test('a place that cannot be written stops nothing, and is told', async () => {
  const path = join(createTemporaryFolder(), 'token-use.json');
  mkdirSync(path);
  const { open, warnings } = setUp(path);
  const quotas = await open();
  quotas.begin(NOTES, tokens(10)).settle(10);
  await quotas.close();
  expect(warnings.map(([event]) => event)).toEqual(['quotas.damaged', 'quotas.notSaved']);
  expect(quotas.usageOf(NOTES).tokensPerDay.used).toBeGreaterThan(10);
});
