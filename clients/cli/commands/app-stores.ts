import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { registerStoreExport } from './store-export.ts';
import { registerStoreShow } from './store-show.ts';

/** `locara app data …`: what apps keep, for whom it belongs to. */
export function registerStores(app: Command, context: CliContext): void {
  const data = app.command('data').description('what an app keeps: look at it, take it with you');
  registerStoreShow(data, context);
  registerStoreExport(data, context);
}
