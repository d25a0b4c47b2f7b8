import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { plain } from '../output.ts';
import { addExample } from './example.ts';

export function registerTrustRemove(trust: Command, context: CliContext): void {
  const remove = trust
    .command('remove')
    .description('stop trusting a key or identity; installed apps stay, updates are refused')
    .argument('<name>', 'its name, its hint, or the identity itself')
    .action(async (key: string) => {
      const { removed } = await context.control('trust.remove', { key });
      context.print({ removed }, `${plain(removed.name)} is no longer trusted.`);
    });
  addExample(remove, 'locara trust remove "Acme, Inc."');
}
