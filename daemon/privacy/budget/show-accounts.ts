import { type BudgetState, RpcError } from '@locara/protocol';
import { beginTurns } from '../../turns.ts';
import { type AccountName, describeAccount, isExhausted, NOTHING_SPENT } from './account.ts';
import type { Accounts } from './accounts.ts';
import { noSuchBudget } from './admit-charge.ts';
import type { AllowanceCount, BudgetPage } from './budgets.ts';

/** A subject on whom nothing was spent has all of the budget left. Throws NotFound for a budget that was not made. */
export function describeNamed(accounts: Accounts, name: AccountName): BudgetState {
  const budget = accounts.find({ budget: name.budget });
  if (budget === undefined) throw noSuchBudget();
  const account = accounts.find(name);
  return describeAccount(name, account?.spending ?? NOTHING_SPENT, budget.limit);
}

/** In the order in which they were first charged. Throws InvalidParams for a cursor that is none. */
export async function listAccounts(
  accounts: Accounts,
  { limit, cursor }: BudgetPage,
): Promise<{ budgets: BudgetState[]; cursor?: string }> {
  const after = cursor === undefined ? 0 : readCursor(cursor);
  const budgets: BudgetState[] = [];
  const turns = beginTurns();
  let last = 0;
  for (const account of accounts.values()) {
    if (account.number <= after) continue;
    if (budgets.length === limit) return { budgets, cursor: String(last) };
    budgets.push(describeAccount(accounts.nameOf(account), account.spending, account.limit));
    last = account.number;
    if (turns.areOver()) await turns.next();
  }
  return { budgets };
}

export async function countAccounts(accounts: Accounts): Promise<AllowanceCount> {
  const turns = beginTurns();
  let allowances = 0;
  let exhausted = 0;
  for (const { spending, limit } of accounts.values()) {
    allowances += 1;
    if (isExhausted(spending, limit)) exhausted += 1;
    if (turns.areOver()) await turns.next();
  }
  return { allowances, exhausted };
}

function readCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  const details = { issues: [{ path: 'cursor', rule: 'as an earlier answer gave it' }] };
  throw new RpcError('InvalidParams', 'The cursor is none that an answer gave.', { details });
}
