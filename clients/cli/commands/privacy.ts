import type { BudgetState } from '@locara/protocol';
import type { Command } from 'commander';
import { CliError, EXIT, type CliContext } from '../context.ts';
import { formatTable, plain } from '../output.ts';
import { addAppId } from './app-id.ts';
import { addExample } from './example.ts';

export function registerPrivacy(program: Command, context: CliContext): void {
  const privacy = program
    .command('privacy')
    .description('how much apps told under differential privacy, and what is left of that');
  registerBudgets(privacy, context);
  registerReset(privacy, context);
}

function registerBudgets(privacy: Command, context: CliContext): void {
  const budgets = addAppId(
    privacy.command('budgets').description("an app's allowances of privacy loss"),
  ).action(async (appId: string) => {
    const all = await listBudgets(context, appId);
    context.print({ budgets: all }, renderBudgets(appId, all));
  });
  addExample(
    budgets,
    'locara privacy budgets acme/notes',
    'locara privacy budgets acme/notes --json',
  );
}

interface ResetOptions {
  readonly subject?: string;
  readonly all?: boolean;
  readonly yes?: boolean;
}

function registerReset(privacy: Command, context: CliContext): void {
  const reset = addAppId(
    privacy
      .command('reset')
      .description('begin an allowance anew; what was released under it stays known'),
  )
    .argument('[budget]', 'as `locara privacy budgets` shows it')
    .option('--subject <name>', 'the allowance of one subject; without it, all of the budget')
    .option('--all', 'everything of the app, also where the record of it is damaged')
    .option('--yes', 'without being asked')
    .action(async (appId: string, budget: string | undefined, options: ResetOptions) => {
      assertOneChoice(budget, options);
      const { subject } = options;
      const what = nameAllowances(appId, { budget, subject });
      if (options.yes !== true) await confirmReset(context, what);
      const done = await context.control('privacy.resetBudget', {
        appId,
        ...(budget === undefined ? {} : { budget }),
        ...(subject === undefined ? {} : { subject }),
      });
      context.print(done, renderReset(done.reset, what));
    });
  addExample(
    reset,
    'locara privacy reset acme/notes embeddings',
    'locara privacy reset acme/notes embeddings --subject ada --yes',
    'locara privacy reset acme/notes --all',
  );
}

async function listBudgets(context: CliContext, appId: string): Promise<BudgetState[]> {
  const all: BudgetState[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await context.control('privacy.budgets', {
      appId,
      ...(cursor === undefined ? {} : { cursor }),
    });
    all.push(...page.budgets);
    if (page.cursor === undefined) return all;
    cursor = page.cursor;
  }
}

function renderBudgets(appId: string, budgets: readonly BudgetState[]): string[] {
  if (budgets.length === 0) {
    return [`${plain(appId)} has told nothing under differential privacy.`];
  }
  const header = ['BUDGET', 'SUBJECT', 'SPENT', 'LEFT', 'RECORDS', 'AT DELTA'];
  return [
    ...formatTable([header, ...budgets.map(toRow)]),
    'Spent and left are epsilon. Without a subject: what was released about nobody in particular.',
    ...(budgets.some(({ budget }) => budget === '')
      ? ['(none): released under no budget, so that nothing limits it.']
      : []),
    `To begin one anew: locara privacy reset ${plain(appId)} <budget>`,
  ];
}

function toRow({ budget, subject, spent, remaining, ...state }: BudgetState): string[] {
  const left = remaining === undefined ? 'no limit' : formatLoss(remaining.epsilon, 'down');
  const isOver = state.isExhausted && state.onExhausted === 'warn';
  return [
    budget === '' ? '(none)' : budget,
    subject ?? '',
    formatLoss(spent.epsilon, 'up'),
    state.isExhausted ? `nothing${isOver ? ', and it goes on' : ''}` : left,
    String(state.charges),
    String(state.delta),
  ];
}

/** Three decimals, rounded so that nobody takes the loss for less than it is. */
function formatLoss(epsilon: number, rounding: 'up' | 'down'): string {
  const thousandths = epsilon * 1000;
  // What floating point leaves of a whole number of thousandths is no loss.
  const near = Math.round(thousandths);
  const isNear = Math.abs(near - thousandths) < 1e-6;
  const rounded = rounding === 'up' ? Math.ceil(thousandths) : Math.floor(thousandths);
  return String((isNear ? near : rounded) / 1000);
}

function assertOneChoice(budget: string | undefined, { subject, all }: ResetOptions): void {
  if ((budget === undefined) !== (all === true)) {
    throw new CliError('Usage', 'Name a budget, or say --all: one of them.', EXIT.usage);
  }
  if (budget === '') {
    throw new CliError(
      'Usage',
      'A budget has a name; what was released under none is forgotten by --all alone.',
      EXIT.usage,
    );
  }
  if (budget === undefined && subject !== undefined) {
    throw new CliError('Usage', 'A subject has an allowance of a budget: name that.', EXIT.usage);
  }
}

function nameAllowances(
  appId: string,
  {
    budget,
    subject,
  }: { readonly budget: string | undefined; readonly subject: string | undefined },
): string {
  if (budget === undefined) return `all allowances of ${plain(appId)}`;
  const whole = `the budget “${plain(budget)}” of ${plain(appId)}`;
  return subject === undefined ? whole : `the allowance of “${plain(subject)}” in ${whole}`;
}

/** Whoever kept what was released can add what comes to it: the two losses add up, whatever the count says. */
async function confirmReset(context: CliContext, what: string): Promise<void> {
  context.note(
    'What was released stays known to whoever has it; with a new allowance the app may tell as much again.',
  );
  if (await context.confirm(`Begin ${what} anew?`)) return;
  throw new CliError(
    'ConsentRefused',
    'Nothing began anew. Add --yes to do it unasked.',
    EXIT.refused,
  );
}

function renderReset(reset: number, what: string): string[] {
  if (reset === 0) return [`Of ${what}, nothing was spent that could be read. Now nothing is.`];
  const count = reset === 1 ? '1 allowance begins' : `${reset} allowances begin`;
  return [`Of ${what}, ${count} anew.`, 'What was released before stays known.'];
}
