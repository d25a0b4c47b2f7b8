import type { ControlResult } from '@locara/protocol';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { formatBytes, formatTable, formatTime } from '../output.ts';
import { addExample } from './example.ts';
import { addKeptStore, type SharedOption, toKeptStore } from './kept-store.ts';

type Reason = ControlResult<'store.backups'>['backups'][number]['reason'];

const REASONS: Record<Reason, string> = {
  asked: 'the app asked',
  daily: 'daily',
  migration: 'before a migration',
  restore: 'before a restore',
};

const NOT_IN_THEM =
  'The keys of what the app sealed under a passphrase are in none of them: they are in data/vaults alone.';

export function registerStoreBackups(data: Command, context: CliContext): void {
  const list = data
    .command('backups')
    .description('the copies of the stored data, newest first')
    .action(async (appId: string, options: SharedOption) => {
      const listed = await context.control('store.backups', toKeptStore(appId, options));
      const rows = listed.backups.map(({ id, createdAt, bytes, reason, schemaVersion }) => [
        id,
        formatTime(createdAt),
        formatBytes(bytes),
        REASONS[reason],
        String(schemaVersion),
      ]);
      const table = formatTable([['BACKUP', 'MADE', 'SIZE', 'WHY', 'SCHEMA'], ...rows]);
      context.print(listed, rows.length === 0 ? 'There are no backups.' : [...table, NOT_IN_THEM]);
    });
  addExample(addKeptStore(list), 'locara app data backups acme/notes');
}
