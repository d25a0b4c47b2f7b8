import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

const MAIN = join(import.meta.dirname, '../../clients/cli/main.ts');

export interface CliEnd {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<CliEnd>;
}

/** One `locara` command as a process of its own, from its sources; nothing is on its stdin. */
export function spawnCli(
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): CliProcess {
  const child = spawn(process.execPath, ['--conditions=locara-source', MAIN, ...argv], {
    env: { ...process.env, LOCARA_THREADS: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const read = (stream: Readable): Promise<string> => text(stream).catch(() => '');
  const ended = Promise.all([once(child, 'close'), read(child.stdout), read(child.stderr)]);
  return {
    child,
    ended: ended.then(([, stdout, stderr]) => ({ exitCode: child.exitCode, stdout, stderr })),
  };
}
