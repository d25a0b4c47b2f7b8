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
    .action(async ({ home }: { home?: string }) => {
      const steps = await runQuickstart({
        home,
        environment: context.environment,
        onStep: (step) => {
          context.note(renderStep(step));
        },
      });
      const failed = steps.filter(({ ok }) => !ok);
      if (failed.length > 0) throw new QuickstartFailed(steps);
      context.print({ ok: true, steps }, summarize(steps));
    });
  addExample(command, 'locara quickstart', 'locara quickstart --json');
}

class QuickstartFailed extends CliError {
  override readonly document: Readonly<Record<string, unknown>>;

  constructor(steps: readonly Step[]) {
    const names = steps.filter(({ ok }) => !ok).map(({ name }) => name);
    super(
      'QuickstartFailed',
      `Failed: ${names.join(', ')}. Run it again with --home <dir> to keep the log, in <dir>/logs.`,
    );
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
