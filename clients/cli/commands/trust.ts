import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { registerTrustAdd } from './trust-add.ts';
import { registerTrustList } from './trust-list.ts';
import { registerTrustRemove } from './trust-remove.ts';

export function registerTrust(program: Command, context: CliContext): void {
  const trust = program.command('trust').description('whose packages may be installed');
  registerTrustAdd(trust, context);
  registerTrustList(trust, context);
  registerTrustRemove(trust, context);
}
