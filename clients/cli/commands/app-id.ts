import { isAppId } from '@locara/protocol';
import type { Command } from 'commander';
import { CliError, EXIT } from '../context.ts';

/** Adds the argument `<id>` to a command; an id in another syntax is a misuse. */
export function addAppId(command: Command): Command {
  return command.argument('<id>', 'publisher/name, as `locara app list` shows it', parseAppId);
}

function parseAppId(value: string): string {
  if (isAppId(value)) return value;
  const message = `“${value}” is no app id: write publisher/name, as \`locara app list\` shows it.`;
  throw new CliError('Usage', message, EXIT.usage);
}
