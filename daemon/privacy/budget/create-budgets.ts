import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { destroyFile } from '../../files/durable-files.ts';
import { removeTree } from '../../files/remove-tree.ts';
import type { Log } from '../../log.ts';
import type { Paths } from '../../paths.ts';
import type { Budgets } from './budgets.ts';
import { Ledger } from './ledger.ts';
import { markPathOf, removeMark } from './ledger-mark.ts';

export interface BudgetsDeps {
  readonly paths: Pick<Paths, 'privacy' | 'privacyKey'>;
  readonly log: Pick<Log, 'warn' | 'error'>;
}

/** What ledgers of apps that are not used now may take of memory together, and how many stay open. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
const MAX_KEPT = 32;

export function createBudgets(deps: BudgetsDeps): Budgets {
  const ledgers = new Map<string, Ledger>();
  const pathOf = (appId: string) => join(deps.paths.privacy(appId), 'budgets.jsonl');

  /** The one of an app, moved to the end: those in front were not used for longest. */
  const use = (appId: string): Ledger => {
    const keyPath = deps.paths.privacyKey(appId);
    const ledger =
      ledgers.get(appId) ?? new Ledger({ appId, path: pathOf(appId), keyPath, log: deps.log });
    ledgers.delete(appId);
    ledgers.set(appId, ledger);
    return ledger;
  };
  const forgetIdle = async (): Promise<void> => {
    let bytes = [...ledgers.values()].reduce((sum, ledger) => sum + ledger.bytes, 0);
    for (const [appId, ledger] of ledgers) {
      if (ledgers.size <= MAX_KEPT && bytes <= MAX_KEPT_BYTES) return;
      if (!ledger.canBeForgotten) continue;
      bytes -= ledger.bytes;
      ledgers.delete(appId);
      await ledger.close();
    }
  };
  const withLedger = async <Result>(
    appId: string,
    task: (ledger: Ledger) => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await task(use(appId));
    } finally {
      await forgetIdle();
    }
  };

  return {
    create: (appId, budget, terms) => withLedger(appId, (ledger) => ledger.create(budget, terms)),
    charge: (appId, charge) => withLedger(appId, (ledger) => ledger.charge(charge)),
    assertFits: (appId, charge) => withLedger(appId, (ledger) => ledger.assertFits(charge)),
    get: (appId, budget, subject) => withLedger(appId, (ledger) => ledger.get({ budget, subject })),
    list: (appId, page) => withLedger(appId, (ledger) => ledger.list(page)),
    count: (appId) => withLedger(appId, (ledger) => ledger.count()),
    reset: (appId, budget, subject) => withLedger(appId, (ledger) => ledger.reset(budget, subject)),
    // A ledger that is gone and has a mark was removed: that is to be told, not that there is none.
    has: (appId) =>
      existsSync(pathOf(appId)) || existsSync(markPathOf(deps.paths.privacyKey(appId))),
    wipe: async (appId) => {
      const ledger = ledgers.get(appId);
      ledgers.delete(appId);
      await ledger?.close();
      destroyFile(deps.paths.privacyKey(appId));
      await removeMark(deps.paths.privacyKey(appId));
      await removeTree(deps.paths.privacy(appId));
    },
    close: async () => {
      const all = [...ledgers.values()];
      ledgers.clear();
      await Promise.all(all.map((ledger) => ledger.close()));
    },
  };
}
