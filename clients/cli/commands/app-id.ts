import { isAppId } from '@locara/protocol';
import type { Command } from 'commander';
import { CliError, EXIT } from '../context.ts';

/** What an app id is, for `--help`. */
export const APP_ID = 'publisher/name, as `locara app list` shows it';

/** Adds the argument `<id>` to a command; an id in another syntax is a misuse. */
export function addAppId(command: Command): Command {
  return command.argument('<id>', APP_ID, parseAppId);
}

/** For commander: the id itself, or a CliError of misuse. */
export function parseAppId(value: string): string {
  if (isAppId(value)) return value;
  const message = `“${value}” is no app id: write publisher/name, as \`locara app list\` shows it.`;
  throw new CliError('Usage', message, EXIT.usage);
}
