import type { ControlResult } from '@locara/protocol';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { plain } from '../output.ts';
import { addAppId } from './app-id.ts';
import { addExample } from './example.ts';

export function registerRevoke(app: Command, context: CliContext): void {
  const revoke = addAppId(
    app
      .command('revoke')
      .description('take one capability from an app, or stop it as a whole; at once'),
  )
    .argument(
      '[capability]',
      'for example store:write, or ipc:<collection> to end a sharing; without it, the app may no longer connect',
    )
    .action(async (appId: string, capability?: string) => {
      const result = await context.control('app.revoke', {
        appId,
        ...(capability === undefined ? {} : { capability }),
      });
      context.print(result, describeRevocation(appId, capability, result));
    });
  addExample(revoke, 'locara app revoke acme/notes store:write', 'locara app revoke acme/notes');
}

function describeRevocation(
  appId: string,
  capability: string | undefined,
  { grants }: ControlResult<'app.revoke'>,
): string[] {
  if (capability === undefined) {
    return [
      `${plain(appId)} may no longer connect; its data stays.`,
      'To allow it again, install it again: locara app install <package>',
    ];
  }
  if (capability.startsWith('ipc:')) {
    return [
      `${plain(appId)} no longer shares “${plain(capability.slice('ipc:'.length))}”; the data stays.`,
      `To allow it again: locara app consent ${plain(appId)} ${plain(capability)}`,
    ];
  }
  const state = grants.find((grant) => grant.capability === capability)?.state ?? 'revoked';
  return [
    `${plain(appId)}: ${plain(capability)} is ${state}.`,
    `To give it back: locara app consent ${plain(appId)} ${plain(capability)}`,
  ];
}
