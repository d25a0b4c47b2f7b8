import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { formatBytes, formatTable, formatTime } from '../output.ts';
import { addAppId } from './app-id.ts';
import { addExample } from './example.ts';

export function registerStoreBackups(data: Command, context: CliContext): void {
  const list = data
    .command('backups')
    .description('the copies of the stored data, newest first')
    .action(async (appId: string) => {
      const listed = await context.control('store.backups', { appId });
      const rows = listed.backups.map(({ id, createdAt, bytes, reason, schemaVersion }) => [
        id,
        formatTime(createdAt),
        formatBytes(bytes),
        reason,
        String(schemaVersion),
      ]);
      const table = formatTable([['BACKUP', 'MADE', 'SIZE', 'WHY', 'SCHEMA'], ...rows]);
      context.print(listed, rows.length === 0 ? 'There are no backups.' : table);
    });
  addExample(addAppId(list), 'locara app data backups acme/notes');
}
