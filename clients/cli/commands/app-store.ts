import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { registerAccept } from './app-store-accept.ts';
import { registerBackups } from './app-store-backups.ts';
import { registerCheck } from './app-store-check.ts';
import { registerRestore } from './app-store-restore.ts';
import { registerSalvage } from './app-store-salvage.ts';
import { registerStoreExport } from './store-export.ts';
import { registerStoreShow } from './store-show.ts';

export function registerData(app: Command, context: CliContext): void {
  const data = app
    .command('data')
    .description('what an app keeps: look at it, take it with you, bring it back');
  registerStoreShow(data, context);
  registerStoreExport(data, context);
  registerCheck(data, context);
  registerBackups(data, context);
  registerRestore(data, context);
  registerSalvage(data, context);
  registerAccept(data, context);
}
