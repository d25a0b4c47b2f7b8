import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { renderDatabases, renderPrivacy } from '../summary/render-privacy.ts';
import { renderStore } from '../summary/render-store.ts';
import { addAppId } from './app-id.ts';
import { addExample } from './example.ts';

export function registerStoreShow(data: Command, context: CliContext): void {
  const show = data
    .command('show')
    .description('what an app keeps, how much of it, and how it is encrypted')
    .action(async (appId: string) => {
      const view = await context.control('store.show', { appId });
      const privacy = await context.control('privacy.show', { appId });
      context.print({ ...view, privacy }, [
        ...renderStore(view, context),
        ...renderPrivacy(appId, privacy, context),
        ...renderDatabases(privacy),
      ]);
    });
  addExample(addAppId(show), 'locara app data show acme/notes');
}
