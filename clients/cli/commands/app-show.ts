import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { renderApp } from '../summary/render-app.ts';
import { renderPrivacy } from '../summary/render-privacy.ts';
import { renderQuotas } from '../summary/render-quotas.ts';
import { renderFill, renderSharing } from '../summary/render-store.ts';
import { addAppId } from './app-id.ts';
import { addExample } from './example.ts';

export function registerShow(app: Command, context: CliContext): void {
  const show = app
    .command('show')
    .description('who signed an app, what it may do, and what it did')
    .action(async (appId: string) => {
      const shown = await context.control('app.show', { appId });
      const privacy = await context.control('privacy.show', { appId });
      const { app: record, quotas, store, sharing } = shown;
      context.print({ ...shown, privacy }, [
        ...renderApp(record, context),
        ...renderQuotas(quotas),
        ...(store === undefined ? [] : [renderFill(store, context)]),
        ...renderPrivacy(appId, privacy, context),
        ...renderSharing(appId, sharing),
      ]);
    });
  addExample(addAppId(show), 'locara app show acme/notes', 'locara app show acme/notes --json');
}
