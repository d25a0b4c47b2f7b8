import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { renderExplanation } from '../summary/render-explanation.ts';
import { addAppId } from './app-id.ts';
import { addExample } from './example.ts';

export function registerExplain(app: Command, context: CliContext): void {
  const explain = addAppId(
    app.command('explain').description('why a call of an app would be allowed or refused'),
  )
    .argument('<method>', 'for example llm.chat')
    .action(async (appId: string, method: string) => {
      const { explanation } = await context.control('app.explain', { appId, method });
      const lines = renderExplanation({ appId, method, explanation }, context);
      context.print({ appId, method, ...explanation }, lines);
    });
  addExample(
    explain,
    'locara app explain acme/notes llm.chat',
    'locara app explain acme/notes db.exec --json',
  );
}
