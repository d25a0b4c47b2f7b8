import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CliError } from './context.ts';

/** The path of a program that ships with the daemon; CliError `Incomplete` where only the CLI is installed. */
export function findDaemonProgram(name: 'locarad' | 'locara-verify-bundle'): string {
  const require = createRequire(import.meta.url);
  const file = `@locara/daemon/bin/${name}.js`;
  const folders = require.resolve.paths(file) ?? [];
  const found = folders.map((folder) => join(folder, file)).find((path) => existsSync(path));
  if (found === undefined) throw new CliError('Incomplete', 'The daemon is not installed');
  return found;
}
