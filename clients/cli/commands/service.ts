import { Option, type Command } from 'commander';
import type { CliContext } from '../context.ts';
import { controlService } from '../service/control-service.ts';
import type { ServiceVerb } from '../service/service-plan.ts';
import { addExample } from './example.ts';

const SUMMARIES: Record<ServiceVerb, string> = {
  install: 'start the daemon now and at every login',
  uninstall: 'stop the daemon and forget the service; apps, models and logs stay',
  start: 'start the installed service',
  stop: 'stop it until the next login',
  restart: 'stop it, then start it',
  status: 'what the service manager says about it',
};

/** `locara service …`: the daemon as a launchd agent or a systemd user unit. */
export function registerService(program: Command, context: CliContext): void {
  const service = program
    .command('service')
    .description('run the daemon in the background, as a service of yours');
  for (const [verb, summary] of Object.entries(SUMMARIES) as [ServiceVerb, string][]) {
    const command = service
      .command(verb)
      .description(summary)
      .option('--dry-run', 'print exactly what would be written and run, and change nothing', false)
      .addOption(
        new Option('--platform <platform>', "with --dry-run: another platform's plan").choices([
          'darwin',
          'linux',
        ]),
      )
      .action(async (options: { dryRun: boolean; platform?: string }) => {
        await controlService(verb, options, context);
      });
    addExample(command, `locara service ${verb} --dry-run`);
  }
}
