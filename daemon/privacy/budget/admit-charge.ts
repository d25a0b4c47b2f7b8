import { type BudgetState, RpcError } from '@locara/protocol';
import {
  addSpending,
  describeAccount,
  isExhausted,
  isWithin,
  NOTHING_SPENT,
  type Spending,
  toSpending,
} from './account.ts';
import { type Account, type Accounts, toSpend } from './accounts.ts';
import type { Charge } from './budgets.ts';
import type { LedgerRecord } from './ledger-lines.ts';
import type { Limit } from './limit.ts';

/** Spends a charge that fits, in memory, and adds what is to be written; answers the refusal otherwise. */
export function admitCharge(
  accounts: Accounts,
  charge: Charge,
  toWrite: LedgerRecord[],
): BudgetState | RpcError {
  try {
    const { name, known, limit, spent } = examineCharge(accounts, charge);
    const account = known ?? openAccount(accounts, name, toWrite);
    const record = toSpend(account.number, spent);
    accounts.apply(record);
    toWrite.push(record);
    return describeAccount(name, account.spending, limit);
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
}

/** What a charge would spend, and of what. Throws its refusal; nothing is spent. */
export function examineCharge(accounts: Accounts, { budget = '', subject, unit, records }: Charge) {
  const name = { budget, subject };
  const limiting = accounts.find({ budget });
  if (budget !== '' && limiting === undefined) throw noSuchBudget();
  const known = accounts.find(name);
  const limit = limiting?.limit;
  const before = known?.spending ?? NOTHING_SPENT;
  const spent = toSpending(unit, records, before);
  if (limit?.onExhausted === 'block' && !doesFit(before, spent, limit)) {
    throw exhausted(describeAccount(name, before, limit));
  }
  if (known === undefined && accounts.isFull) throw tooManyAllowances();
  return { name, known, limit, spent };
}

function doesFit(before: Spending, spent: Spending, limit: Limit): boolean {
  return !isExhausted(before, limit) && isWithin(addSpending(before, spent), limit);
}

export function noSuchBudget(): RpcError {
  const message = 'This app has no budget of this name: privacy.budget.create makes one.';
  return new RpcError('NotFound', message);
}

function openAccount(
  accounts: Accounts,
  name: { readonly budget: string; readonly subject: string | undefined },
  toWrite: LedgerRecord[],
): Account {
  const opening = accounts.draftOpening(name, name.budget === '' ? undefined : 'as its budget');
  toWrite.push(opening);
  return accounts.apply(opening);
}

function exhausted({ remaining, isExhausted }: BudgetState): RpcError {
  const message = isExhausted
    ? 'This allowance of privacy loss is spent: nothing more is released under it.'
    : 'This release does not fit into what is left of this allowance of privacy loss.';
  const details = { rule: 'privacy_budget', isExhausted, ...(remaining ?? {}) };
  return new RpcError('QuotaExceeded', message, { details });
}

export function tooManyAllowances(): RpcError {
  const message = 'There is no room to keep one more allowance of this app.';
  return new RpcError('QuotaExceeded', message, { details: { rule: 'privacy_subjects' } });
}
