import type { Command } from 'commander';

/** Ends the command's `--help` with an example. */
export function addExample(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText(
    'after',
    `\nExample:\n${lines.map((line) => `  $ ${line}`).join('\n')}`,
  );
}
