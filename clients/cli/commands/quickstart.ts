import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { CliError } from '../context.ts';
import { plain } from '../output.ts';
import { runQuickstart } from '../quickstart/quickstart.ts';
import type { Step } from '../quickstart/steps.ts';
import { addExample } from './example.ts';

export function registerQuickstart(program: Command, context: CliContext): void {
  const command = program
    .command('quickstart')
    .description('show the whole job in a home of its own: a real app, real models, real refusals')
    .option('--home <dir>', 'use and keep this folder instead of a temporary one')
    .action(({ home }: { home?: string }) =>
      context.interruptible((signal) => showQuickstart(context, home, signal)),
    );
  addExample(command, 'locara quickstart', 'locara quickstart --json');
}

async function showQuickstart(
  context: CliContext,
  home: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const steps = await runQuickstart({
    home: home === undefined ? undefined : resolve(home),
    environment: context.environment,
    signal,
    onStep: (step) => {
      context.note(renderStep(step));
    },
  });
  if (signal.aborted) throw new QuickstartFailed(signal.reason as CliError, steps);
  const failed = steps.filter(({ ok }) => !ok).map(({ name }) => name);
  if (failed.length > 0) throw new QuickstartFailed(describeFailure(failed, home), steps);
  context.print({ ok: true, steps }, summarize(steps));
}

function describeFailure(failed: readonly string[], home: string | undefined): CliError {
  const whatToDo =
    home === undefined
      ? 'Run it again with --home <dir> to keep the log, in <dir>/logs.'
      : `The log is in ${join(home, 'logs')}.`;
  return new CliError('QuickstartFailed', `Failed: ${failed.join(', ')}. ${whatToDo}`);
}

/** A failure with the steps for `--json` beside it. */
class QuickstartFailed extends CliError {
  override readonly document: Readonly<Record<string, unknown>>;

  constructor({ reason, message, exitCode }: CliError, steps: readonly Step[]) {
    super(reason, message, exitCode);
    this.document = { ok: false, steps };
  }
}

function renderStep({ name, ok, ms, detail }: Step): string {
  const mark = ok ? '✓' : '✗';
  return `${mark} ${name.padEnd(12)} ${String(ms).padStart(6)} ms  ${plain(detail)}`;
}

function summarize(steps: readonly Step[]): string[] {
  const total = steps.reduce((sum, { ms }) => sum + ms, 0);
  const done = steps.filter(({ ok }) => ok).length;
  return [`${done} of ${steps.length} steps done in ${(total / 1000).toFixed(1)} s.`];
}
