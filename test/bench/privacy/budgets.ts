import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { costOfRho } from '../../../daemon/privacy/budget/micro-units.ts';
import { createBudgets } from '../../../daemon/privacy/budget/create-budgets.ts';
import { silentLog } from '../../fakes/silent-log.ts';
import { median, type Row } from '../measure.ts';

const ALONE = 300;
const AT_ONCE = 1000;
const ROUNDS = 5;

/** Charges a second, each on the disk before it is answered, beside appending a line and flushing it, in turns. */
export async function benchBudgets(): Promise<readonly Row[]> {
  const root = mkdtempSync(join(tmpdir(), 'locara-bench-'));
  const budgets = createBudgets({
    paths: { privacy: (id) => join(root, id), privacyKey: (id) => join(root, `${id}.key`) },
    log: silentLog,
  });
  await using raw = await open(join(root, 'raw'), 'a');
  const charge = () => budgets.charge('acme/bench', { unit: costOfRho(0.035921), records: 1 });
  const append = async () => {
    await raw.write('0123456789abcdef {"spend":1,"rho":"35921","n":1}\n');
    await raw.datasync();
  };
  const figures = { alone: [] as number[], raw: [] as number[], together: [] as number[] };
  await charge();
  for (let round = 0; round < ROUNDS; round += 1) {
    figures.alone.push(await perSecond(ALONE, () => inTurn(ALONE, charge)));
    figures.raw.push(await perSecond(ALONE, () => inTurn(ALONE, append)));
    figures.together.push(
      await perSecond(AT_ONCE, () => Promise.all(Array.from({ length: AT_ONCE }, charge))),
    );
  }
  await budgets.close();
  rmSync(root, { recursive: true });
  const [alone, peer] = [median(figures.alone), median(figures.raw)];
  return [
    {
      name: 'budget charges, one after the other',
      ours: `${alone.toFixed(0)} a second (${(alone / peer).toFixed(2)}×)`,
      peer: `${peer.toFixed(0)} append + fdatasync`,
    },
    {
      name: `budget charges, ${AT_ONCE} at once`,
      ours: `${median(figures.together).toFixed(0)} a second`,
      peer: `${peer.toFixed(0)} append + fdatasync`,
    },
  ];
}

async function inTurn(times: number, task: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < times; time += 1) await task();
}

async function perSecond(times: number, run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return times / ((performance.now() - startedAt) / 1000);
}
