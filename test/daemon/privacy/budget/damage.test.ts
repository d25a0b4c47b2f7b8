import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { LedgerFile } from '../../../../daemon/privacy/budget/ledger-file.ts';
import { costOfEpsilon } from '../../../../daemon/privacy/budget/micro-units.ts';
import { APP, BudgetHome, TEN } from '../../../support/budget-home.ts';

const one = { budget: 'b', unit: costOfEpsilon(1), records: 1 };
const damaged = { reason: 'Unavailable', details: { rule: 'ledger_damaged' } };

/** Five charges of one subject, acknowledged, the bytes that the disk holds then, and the mark before the last. */
async function fillLedger(): Promise<{ home: BudgetHome; bytes: Buffer; markOfFour: Buffer }> {
  const home = new BudgetHome();
  const budgets = home.open();
  await budgets.create(APP, 'b', TEN);
  for (let charge = 0; charge < 4; charge += 1) {
    await budgets.charge(APP, { ...one, subject: 'ada' });
  }
  const markOfFour = readFileSync(home.mark);
  await budgets.charge(APP, { ...one, subject: 'ada' });
  await budgets.close();
  return { home, bytes: readFileSync(home.ledger), markOfFour };
}

describe('after a crash', () => {
  test('a half-written line counts for nothing, wherever it was cut', async () => {
    const { home, bytes } = await fillLedger();
    const lastLine = bytes.subarray(bytes.lastIndexOf(10, -2) + 1);
    const mark = readFileSync(home.mark);
    for (let length = 1; length < lastLine.length; length += 1) {
      writeFileSync(home.ledger, Buffer.concat([bytes, lastLine.subarray(0, length)]));
      writeFileSync(home.mark, mark);
      const budgets = home.open();
      expect(await budgets.get(APP, 'b', 'ada')).toMatchObject({ charges: 5 });
      await budgets.close();
      expect(readFileSync(home.ledger).at(-1)).toBe(10);
    }
  });

  test('a line that was not acknowledged may be cut off, and the next charge follows it', async () => {
    const { home, bytes, markOfFour } = await fillLedger();
    writeFileSync(home.mark, markOfFour);
    truncateSync(home.ledger, bytes.length - 3);
    const budgets = home.open();
    expect(await budgets.charge(APP, { ...one, subject: 'ada' })).toMatchObject({ charges: 5 });
    expect(await home.open().get(APP, 'b', 'ada')).toMatchObject({ charges: 5 });
  });

  test('a line that is on the disk, and was not marked yet, counts', async () => {
    const { home, markOfFour } = await fillLedger();
    writeFileSync(home.mark, markOfFour);
    expect(await home.open().get(APP, 'b', 'ada')).toMatchObject({ charges: 5 });
  });

  test('before the first ledger was in place there is none, and no damage', async () => {
    const { home } = await fillLedger();
    const check = readFileSync(home.mark, 'latin1').slice(0, 16);
    rmSync(home.ledger);
    writeFileSync(home.mark, `${'-'.repeat(16)} ${check}\n`);
    const budgets = home.open();
    await budgets.create(APP, 'b', TEN);
    await budgets.charge(APP, one);
    expect(await home.open().get(APP, 'b')).toMatchObject({ charges: 1 });
  });

  test.each(['old', 'new'] as const)(
    'between two ledgers the %s one is read, and both are as far as was marked',
    async (which) => {
      const { home, bytes } = await fillLedger();
      const before = readFileSync(home.mark, 'latin1').slice(0, 16);
      const budgets = home.open();
      await budgets.reset(APP, 'b', 'ada');
      await budgets.close();
      const after = readFileSync(home.mark, 'latin1').slice(0, 16);
      expect(after).not.toBe(before);
      writeFileSync(home.mark, `${before} ${after}\n`);
      if (which === 'old') writeFileSync(home.ledger, bytes);
      const charges = which === 'old' ? 5 : 0;
      expect(await home.open().get(APP, 'b', 'ada')).toMatchObject({ charges });
    },
  );

  test('files that were being written are removed', async () => {
    const { home } = await fillLedger();
    writeFileSync(`${home.ledger}.0123456789ab.tmp`, 'half');
    await home.open().get(APP, 'b');
    expect(existsSync(`${home.ledger}.0123456789ab.tmp`)).toBe(false);
  });
});

describe('a damaged ledger', () => {
  test('with any byte changed releases nothing', async () => {
    const { home, bytes } = await fillLedger();
    const change = fc.tuple(fc.nat(bytes.length - 2), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(change, async ([at, flip]) => {
        const changed = Buffer.from(bytes);
        changed[at] = (bytes[at] ?? 0) ^ flip;
        writeFileSync(home.ledger, changed);
        await expect(home.open().charge(APP, one)).rejects.toMatchObject(damaged);
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, (home: BudgetHome) => void]>([
    [
      'no line left',
      ({ ledger }) => {
        truncateSync(ledger, 0);
      },
    ],
    [
      'half of its first line',
      ({ ledger }) => {
        truncateSync(ledger, 10);
      },
    ],
    [
      'a line of others',
      ({ ledger }) => {
        appendFileSync(ledger, 'x\n');
      },
    ],
    [
      'more than a line that never ends',
      ({ ledger }) => {
        appendFileSync(ledger, 'x'.repeat(9000));
      },
    ],
    [
      'its last line cut off',
      ({ ledger }) => {
        const bytes = readFileSync(ledger);
        truncateSync(ledger, bytes.lastIndexOf(10, -2) + 1);
      },
    ],
    [
      'an earlier one put back in its place',
      ({ ledger }) => {
        const lines = readFileSync(ledger, 'utf8').split('\n');
        writeFileSync(ledger, `${lines.slice(0, 2).join('\n')}\n`);
      },
    ],
    [
      'nothing left of it',
      ({ ledger }) => {
        rmSync(dirname(ledger), { recursive: true });
      },
    ],
    [
      'no mark',
      ({ mark }) => {
        rmSync(mark);
      },
    ],
    [
      'a mark that is none',
      ({ mark }) => {
        writeFileSync(mark, 'x');
      },
    ],
    [
      'a mark that others may write',
      ({ mark }) => {
        chmodSync(mark, 0o666);
      },
    ],
    [
      'no key',
      (home) => {
        rmSync(home.paths.privacyKey(APP));
      },
    ],
    [
      'another key',
      (home) => {
        writeFileSync(home.paths.privacyKey(APP), Buffer.alloc(32, 7));
      },
    ],
    [
      'a line twice',
      ({ ledger }) => {
        const bytes = readFileSync(ledger);
        appendFileSync(ledger, bytes.subarray(bytes.lastIndexOf(10, -2) + 1));
      },
    ],
    [
      'a line less in the middle',
      ({ ledger }) => {
        const lines = readFileSync(ledger, 'utf8').split('\n');
        writeFileSync(ledger, lines.toSpliced(3, 1).join('\n'));
      },
    ],
  ])('with %s is refused, logged once, and the user’s to begin anew', async (_what, harm) => {
    const { home } = await fillLedger();
    harm(home);
    const log = { warn: vi.fn(), error: vi.fn() };
    const budgets = home.open(log);
    for (let call = 0; call < 3; call += 1) {
      await expect(budgets.charge(APP, { unit: one.unit, records: 1 })).rejects.toMatchObject(
        damaged,
      );
      await expect(budgets.list(APP, { limit: 1 })).rejects.toMatchObject(damaged);
      await expect(budgets.reset(APP, 'b')).rejects.toMatchObject(damaged);
    }
    expect(log.error).toHaveBeenCalledTimes(1);
    expect(await budgets.reset(APP)).toBe(0);
    await budgets.create(APP, 'b', TEN);
    expect(await budgets.charge(APP, one)).toMatchObject({ charges: 1 });
    expect(await home.open().get(APP, 'b')).toMatchObject({ charges: 1 });
  });

  test('that was removed is told to the user: something is kept of the app', async () => {
    const { home } = await fillLedger();
    rmSync(home.ledger);
    const budgets = home.open();
    expect(budgets.has(APP)).toBe(true);
    await expect(budgets.count(APP)).rejects.toMatchObject(damaged);
    await budgets.wipe(APP);
    expect(budgets.has(APP)).toBe(false);
  });

  test('is one app’s: others go on', async () => {
    const { home } = await fillLedger();
    truncateSync(home.ledger, 0);
    const budgets = home.open();
    await expect(budgets.get(APP, 'b')).rejects.toMatchObject(damaged);
    expect(await budgets.create('acme/other', 'b', TEN)).toMatchObject({ charges: 0 });
  });
});

describe('a disk that fails', () => {
  test('refuses the charge and counts it, and goes on when it can be written again', async () => {
    const { home } = await fillLedger();
    const budgets = home.open();
    await budgets.get(APP, 'b');
    const append = vi.spyOn(LedgerFile.prototype, 'append').mockImplementationOnce(function (
      this: LedgerFile,
    ) {
      this.distrust();
      return Promise.reject(Object.assign(new Error('no room'), { code: 'ENOSPC' }));
    });
    const charge = { ...one, subject: 'ada' };
    await expect(budgets.charge(APP, charge)).rejects.toMatchObject({
      reason: 'InsufficientResources',
    });
    append.mockRestore();
    expect(await budgets.get(APP, 'b', 'ada')).toMatchObject({ charges: 6 });
    expect(await home.open().get(APP, 'b', 'ada')).toMatchObject({ charges: 6 });
  });

  test('that cannot be written at all takes one charge at the most', async () => {
    const { home } = await fillLedger();
    const budgets = home.open();
    await budgets.get(APP, 'b');
    const folder = dirname(home.ledger);
    rmSync(folder, { recursive: true });
    mkdirSync(dirname(folder), { recursive: true });
    // In the way of the folder, also for somebody who may write anywhere.
    writeFileSync(folder, '');
    for (let call = 0; call < 4; call += 1) {
      await expect(budgets.charge(APP, { ...one, subject: 'ada' })).rejects.toMatchObject({
        reason: 'Unavailable',
      });
    }
    rmSync(folder);
    expect(await budgets.get(APP, 'b', 'ada')).toMatchObject({ charges: 6 });
    expect(await home.open().get(APP, 'b', 'ada')).toMatchObject({ charges: 6 });
  });
});
