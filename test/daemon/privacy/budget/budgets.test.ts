import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { Accounts } from '../../../../daemon/privacy/budget/accounts.ts';
import type { UnitCost } from '../../../../daemon/privacy/budget/budgets.ts';
import { costOfEpsilon, costOfRho } from '../../../../daemon/privacy/budget/micro-units.ts';
import { APP, BudgetHome, TEN } from '../../../support/budget-home.ts';

const one = { budget: 'b', unit: costOfEpsilon(1), records: 1 };
const exhausted = { reason: 'QuotaExceeded', details: { rule: 'privacy_budget' } };

describe('a limit', () => {
  test('of 10 takes ten pure charges of 1, and refuses the eleventh', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', TEN);
    for (let charge = 1; charge <= 10; charge += 1) {
      const { spent, charges } = await budgets.charge(APP, one);
      expect({ epsilon: spent.epsilon, charges }).toEqual({ epsilon: charge, charges: charge });
    }
    await expect(budgets.charge(APP, one)).rejects.toMatchObject(exhausted);
    expect(await budgets.get(APP, 'b')).toMatchObject({
      isExhausted: true,
      charges: 10,
      spent: { epsilon: 10, rho: 5 },
      remaining: { epsilon: 0, rho: 0 },
    });
  });

  // 1.78269561633 by zero concentration, which counts what did not begin with Gaussian noise; 2.0008913405 otherwise.
  test.each([
    { first: [costOfEpsilon(1e-6), 1], most: 1_782_695 },
    { first: [costOfRho(1e-6), 1], most: 2_000_891 },
  ] as const)('takes rho to the last millionth, and not one more: $most', async (row) => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', TEN);
    const [unit, records] = row.first;
    await budgets.charge(APP, { budget: 'b', unit, records });
    const rest = { budget: 'b', unit: costOfRho((row.most - 1) / 1e6), records: 1 };
    expect(await budgets.charge(APP, rest)).toMatchObject({
      isExhausted: true,
      remaining: { rho: 0 },
    });
    for (const least of [costOfRho(1e-9), costOfEpsilon(1e-6)]) {
      const more = { ...rest, unit: least };
      await expect(budgets.charge(APP, more)).rejects.toMatchObject(exhausted);
    }
  });

  test('is on each record: 1000 texts of 1 are not one', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', TEN);
    const batch = { ...one, records: 1000 };
    await expect(budgets.charge(APP, batch)).rejects.toMatchObject(exhausted);
    expect(await budgets.get(APP, 'b')).toMatchObject({ charges: 0, isExhausted: false });
  });

  test('takes many small pure charges by their rho, where that tells less', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', TEN);
    const small = { budget: 'b', unit: costOfEpsilon(0.1), records: 356 };
    const { spent } = await budgets.charge(APP, small);
    expect(spent.rho).toBe(1.78);
    expect(spent.epsilon).toBeLessThan(10);
    await expect(budgets.charge(APP, { ...small, records: 1 })).rejects.toMatchObject(exhausted);
  });

  test('counts what is pure as rho once something was not', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', TEN);
    await budgets.charge(APP, one);
    await budgets.charge(APP, { budget: 'b', unit: costOfRho(0.5), records: 1 });
    await budgets.charge(APP, one);
    await expect(budgets.charge(APP, one)).rejects.toMatchObject(exhausted);
    expect(await budgets.get(APP, 'b')).toMatchObject({ spent: { rho: 1.5 }, isExhausted: false });
  });

  test('is each subject’s own', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', TEN);
    await budgets.charge(APP, { ...one, subject: 'ada', records: 10 });
    await expect(budgets.charge(APP, { ...one, subject: 'ada' })).rejects.toMatchObject(exhausted);
    expect(await budgets.charge(APP, { ...one, subject: 'bob' })).toMatchObject({ charges: 1 });
    expect(await budgets.get(APP, 'b')).toMatchObject({ charges: 0 });
    expect(await budgets.get(APP, 'b', 'eve')).toMatchObject({ charges: 0, subject: 'eve' });
  });

  test('that warns lets go, records, and says so', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', { ...TEN, onExhausted: 'warn' });
    expect(await budgets.charge(APP, { ...one, records: 9 })).toMatchObject({ isExhausted: false });
    expect(await budgets.charge(APP, { ...one, records: 9 })).toMatchObject({
      isExhausted: true,
      charges: 18,
      spent: { rho: 9 },
      remaining: { epsilon: 0, rho: 0 },
    });
  });
});

describe('what is no charge', () => {
  test.each<[UnitCost, number]>([
    ...[Number.NaN, -1, 0, Infinity, 0.5].flatMap((microRho): [UnitCost, number][] => [
      [{ microRho, yoctoRho: 1n }, 1],
      [{ microRho, microEpsilon: 1 }, 1],
    ]),
    ...[0, -5, Number.NaN, Infinity, 1e308].map((microEpsilon): [UnitCost, number] => [
      { microRho: 1, microEpsilon },
      1,
    ]),
    [{ microRho: 1, yoctoRho: 0n }, 1],
    [{ microRho: 1, yoctoRho: -1n }, 1],
    ...[0, -1, Number.NaN, 0.5, Infinity].map((records): [UnitCost, number] => [
      costOfRho(1),
      records,
    ]),
  ])('%o for %d records is refused', async (unit, records) => {
    const budgets = new BudgetHome().open();
    const charge = { unit, records };
    await expect(budgets.charge(APP, charge)).rejects.toMatchObject({ reason: 'InvalidParams' });
  });

  test('nor is one to a budget that nobody made', async () => {
    const budgets = new BudgetHome().open();
    const missing = { reason: 'NotFound' };
    await expect(budgets.charge(APP, one)).rejects.toMatchObject(missing);
    await expect(budgets.get(APP, 'b')).rejects.toMatchObject(missing);
    await expect(budgets.reset(APP, 'b')).rejects.toMatchObject(missing);
  });
});

describe('a budget', () => {
  test('made again is the same one, spent as it is; with other terms it is a conflict', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', TEN);
    await budgets.charge(APP, one);
    expect(await budgets.create(APP, 'b', TEN)).toMatchObject({ charges: 1 });
    const wider = { ...TEN, maxEpsilon: 100 };
    await expect(budgets.create(APP, 'b', wider)).rejects.toMatchObject({ reason: 'Conflict' });
  });

  test('is not made without end: what an app may keep in memory has a limit', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', TEN);
    vi.spyOn(Accounts.prototype, 'bytes', 'get').mockReturnValue(64 * 1024 * 1024 + 1);
    const full = { reason: 'QuotaExceeded', details: { rule: 'privacy_subjects' } };
    await expect(budgets.create(APP, 'c', TEN)).rejects.toMatchObject(full);
    await expect(budgets.charge(APP, { ...one, subject: 'ada' })).rejects.toMatchObject(full);
    // Those that are known go on.
    expect(await budgets.create(APP, 'b', TEN)).toMatchObject({ charges: 0 });
    expect(await budgets.charge(APP, one)).toMatchObject({ charges: 1 });
    vi.restoreAllMocks();
  });

  test('without a name is recorded exactly, and limits nothing', async () => {
    const budgets = new BudgetHome().open();
    const huge = {
      unit: { microRho: Number.MAX_SAFE_INTEGER, yoctoRho: 10n ** 34n },
      records: 65_536,
    };
    await budgets.charge(APP, huge);
    const state = await budgets.charge(APP, huge);
    expect(state).toMatchObject({ budget: '', charges: 131_072, isExhausted: false });
    expect(state.remaining).toBeUndefined();
    expect(state.spent.rho).toBe((2 * Number.MAX_SAFE_INTEGER * 65_536) / 1e6);
  });

  test('and a subject are the same, however their accents are written', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'caf\u00e9', TEN);
    const apart = { budget: 'cafe\u0301', unit: one.unit, records: 1 };
    expect(await budgets.charge(APP, { ...apart, subject: 'Zo\u00eb' })).toMatchObject({
      charges: 1,
    });
    expect(await budgets.charge(APP, { ...apart, subject: 'Zoe\u0308' })).toMatchObject({
      charges: 2,
    });
    expect(await budgets.charge(APP, { ...apart, subject: 'zoe\u0308' })).toMatchObject({
      charges: 1,
    });
  });

  test('is one app’s: another has nothing of it', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', TEN);
    await expect(budgets.get('acme/other', 'b')).rejects.toMatchObject({ reason: 'NotFound' });
  });
});

describe('a list', () => {
  test('tells every budget and subject once, page by page', async () => {
    const budgets = new BudgetHome().open();
    await budgets.create(APP, 'b', TEN);
    const subjects = Array.from({ length: 25 }, (_, number) => `subject ${number}`);
    await Promise.all(subjects.map((subject) => budgets.charge(APP, { ...one, subject })));
    await budgets.charge(APP, { unit: costOfEpsilon(1), records: 1 });
    const seen: (string | undefined)[] = [];
    for (let cursor: string | undefined, isLast = false; !isLast;) {
      const page = await budgets.list(APP, { limit: 10, cursor });
      seen.push(...page.budgets.map(({ budget, subject }) => `${budget}/${subject ?? ''}`));
      cursor = page.cursor;
      isLast = cursor === undefined;
    }
    expect(seen).toEqual(['b/', ...subjects.map((subject) => `b/${subject}`), '/']);
  });

  test('refuses a cursor that no answer gave', async () => {
    const page = { limit: 10, cursor: 'x' };
    await expect(new BudgetHome().open().list(APP, page)).rejects.toMatchObject({
      reason: 'InvalidParams',
    });
  });
});

describe('beginning anew', () => {
  test('gives one subject, or all of a budget, everything again; the rest stays', async () => {
    const home = new BudgetHome();
    const budgets = home.open();
    await budgets.create(APP, 'b', TEN);
    await budgets.create(APP, 'other', TEN);
    await budgets.charge(APP, { ...one, budget: 'other' });
    for (const subject of [undefined, 'ada', 'bob']) await budgets.charge(APP, { ...one, subject });
    expect(await budgets.reset(APP, 'b', 'ada')).toBe(1);
    expect(await budgets.reset(APP, 'b', 'ada')).toBe(0);
    expect(await budgets.get(APP, 'b', 'ada')).toMatchObject({ charges: 0 });
    expect(await budgets.reset(APP, 'b')).toBe(2);
    await budgets.close();
    const again = home.open();
    expect(await again.list(APP, { limit: 10 })).toMatchObject({
      budgets: [
        { budget: 'b', charges: 0 },
        { budget: 'other', charges: 1 },
      ],
    });
    await again.charge(APP, { ...one, subject: 'bob', records: 10 });
    expect(await again.reset(APP)).toBe(2);
    expect((await again.list(APP, { limit: 10 })).budgets).toHaveLength(2);
  });
});

describe('on the disk', () => {
  test('everything outlives the process, whatever the clock says', async () => {
    const home = new BudgetHome();
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2099-01-01') });
    const budgets = home.open();
    await budgets.create(APP, 'b', TEN);
    await budgets.charge(APP, { ...one, subject: 'ada', records: 10 });
    vi.setSystemTime(new Date('1990-01-01'));
    const again = home.open();
    await expect(again.charge(APP, { ...one, subject: 'ada' })).rejects.toMatchObject(exhausted);
    vi.useRealTimers();
  });

  test('no name of a budget or a subject can be read', async () => {
    const home = new BudgetHome();
    const budgets = home.open();
    await budgets.create(APP, 'canary-budget', TEN);
    await budgets.charge(APP, { ...one, budget: 'canary-budget', subject: 'canary-subject' });
    expect(home.content()).not.toContain('canary');
    expect(home.content()).not.toContain(Buffer.from('canary').toString('base64').slice(0, 7));
    expect(statSync(home.ledger).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(home.ledger)).mode & 0o777).toBe(0o700);
  });

  test('a wiped app has nothing left', async () => {
    const home = new BudgetHome();
    const budgets = home.open();
    await budgets.create(APP, 'b', TEN);
    await budgets.wipe(APP);
    expect(existsSync(home.paths.privacy(APP))).toBe(false);
    expect(existsSync(home.paths.privacyKey(APP))).toBe(false);
    await expect(budgets.get(APP, 'b')).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('many charges take little room, and are all there after it was made', async () => {
    const home = new BudgetHome();
    const budgets = home.open();
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        Array.from({ length: 4000 }, (_, number) =>
          budgets.charge(APP, {
            subject: `s${number % 5}`,
            unit: costOfRho(1e-6),
            records: 1,
          }),
        ),
      );
    }
    expect(statSync(home.ledger).size).toBeLessThan(1.5 * 1024 * 1024);
    const { budgets: states } = await home.open().list(APP, { limit: 10 });
    expect(states.map(({ charges, spent }) => [charges, spent.rho])).toEqual(
      Array.from({ length: 5 }, () => [8000, 0.008]),
    );
    expect(readdirSync(dirname(home.ledger))).toEqual(['budgets.jsonl']);
  });

  test('a ledger that is removed while it is in use is written anew, whole', async () => {
    const home = new BudgetHome();
    const budgets = home.open();
    await budgets.create(APP, 'b', TEN);
    await budgets.charge(APP, one);
    rmSync(home.ledger);
    // This one is not durable, so it is refused; and it counts.
    await expect(budgets.charge(APP, one)).rejects.toMatchObject({ reason: 'Unavailable' });
    await budgets.charge(APP, one);
    expect(await home.open().get(APP, 'b')).toMatchObject({ charges: 3 });
  });
});
