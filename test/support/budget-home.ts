import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { BudgetTerms, Budgets, Charge } from '../../daemon/privacy/budget/budgets.ts';
import { createBudgets } from '../../daemon/privacy/budget/create-budgets.ts';
import { silentLog } from '../fakes/silent-log.ts';

export const APP = 'acme/notes';

/** Ten charges of 1.0 fit. */
export const TEN: BudgetTerms = { maxEpsilon: 10, delta: 1e-5, onExhausted: 'block' };

/** The places of the ledgers of one user. */
export class BudgetHome {
  readonly root = mkdtempSync(join(tmpdir(), 'locara-b-'));
  readonly paths = {
    privacy: (appId: string) => join(this.root, 'privacy', appId),
    privacyKey: (appId: string) => join(this.root, 'keys', `${appId}.key`),
  };
  readonly ledger = join(this.root, 'privacy', APP, 'budgets.jsonl');
  /** How far the ledger came. */
  readonly mark = `${this.paths.privacyKey(APP)}.mark`;

  /** What a daemon's start does; what is open when the test ends is closed. */
  open(log: Pick<typeof silentLog, 'warn' | 'error'> = silentLog): Budgets {
    const budgets = createBudgets({ paths: this.paths, log });
    onTestFinished(() => budgets.close());
    return budgets;
  }

  /** Every byte of every file. */
  content(): string {
    return readdirSync(this.root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => `${name}\n${readFileSync(join(parentPath, name), 'latin1')}`)
      .join('\n');
  }
}

/** A real ledger, and what was charged to it. */
export function openRecordedBudgets(): Budgets & { readonly charges: readonly Charge[] } {
  const budgets = new BudgetHome().open();
  const charges: Charge[] = [];
  const charge: Budgets['charge'] = async (appId, charge) => {
    const state = await budgets.charge(appId, charge);
    charges.push(charge);
    return state;
  };
  return { ...budgets, charge, charges };
}
