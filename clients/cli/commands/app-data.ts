import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { registerAccept } from './app-data-accept.ts';
import { registerBackups } from './app-data-backups.ts';
import { registerCheck } from './app-data-check.ts';
import { registerRestore } from './app-data-restore.ts';
import { registerSalvage } from './app-data-salvage.ts';

export function registerData(app: Command, context: CliContext): void {
  const data = app.command('data').description("look at an app's stored data, and bring it back");
  registerCheck(data, context);
  registerBackups(data, context);
  registerRestore(data, context);
  registerSalvage(data, context);
  registerAccept(data, context);
}
