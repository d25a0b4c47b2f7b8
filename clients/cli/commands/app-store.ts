import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { registerStoreAccept } from './app-store-accept.ts';
import { registerStoreBackups } from './app-store-backups.ts';
import { registerStoreCheck } from './app-store-check.ts';
import { registerStoreRestore } from './app-store-restore.ts';
import { registerStoreSalvage } from './app-store-salvage.ts';
import { registerStoreExport } from './app-store-export.ts';
import { registerStoreShow } from './app-store-show.ts';

export function registerStore(app: Command, context: CliContext): void {
  const data = app
    .command('data')
    .description('what an app keeps: look at it, take it with you, bring it back');
  registerStoreShow(data, context);
  registerStoreExport(data, context);
  registerStoreCheck(data, context);
  registerStoreBackups(data, context);
  registerStoreRestore(data, context);
  registerStoreSalvage(data, context);
  registerStoreAccept(data, context);
}
