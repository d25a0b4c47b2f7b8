import { describeCapability, type Grant, isCapability } from '@locara/protocol';
import type { Command } from 'commander';
import { CliError, EXIT } from '../context.ts';
import type { CliContext } from '../context.ts';
import { plain } from '../output.ts';
import { addExample } from './example.ts';

export function registerConsent(app: Command, context: CliContext): void {
  const consent = app
    .command('consent')
    .description('decide what an app may do beyond what it got at install')
    .argument('<id>', 'publisher/name')
    .argument('[capability]', 'without it, you are asked for each one that is pending')
    .action(async (appId: string, capability?: string) => {
      if (capability === undefined) await decidePending(context, appId);
      else await grant(context, appId, capability);
    });
  addExample(consent, 'locara app consent acme/notes', 'locara app consent acme/notes ocr:run');
}

async function grant(context: CliContext, appId: string, capability: string): Promise<void> {
  const result = await context.control('app.consent', { appId, capability });
  context.print(result, `${plain(appId)} may now: ${sentenceOf(capability)}`);
}

async function decidePending(context: CliContext, appId: string): Promise<void> {
  const { app } = await context.control('app.show', { appId });
  const pending = app.grants.filter(({ state }) => state === 'pending');
  if (pending.length > 0 && !context.canAsk) {
    const names = pending.map(({ capability }) => capability).join(', ');
    const message = `There is no terminal to ask on: name the capability (${names}).`;
    throw new CliError('ConsentRequired', message, EXIT.refused);
  }
  let grants: readonly Grant[] = app.grants;
  const decisions: string[] = [];
  for (const { capability } of pending) {
    const allowed = await context.confirm(
      `May ${app.displayName} do this: ${sentenceOf(capability)}`,
    );
    if (allowed) ({ grants } = await context.control('app.consent', { appId, capability }));
    decisions.push(`${plain(capability)}: ${allowed ? 'granted' : 'still pending'}`);
  }
  context.print({ grants }, decisions.length === 0 ? 'Nothing is waiting for you.' : decisions);
}

function sentenceOf(capability: string): string {
  return isCapability(capability) ? describeCapability(capability).sentence : plain(capability);
}
