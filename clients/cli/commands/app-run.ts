import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { RpcError } from '@locara/client';
import { MAX_INPUT_BYTES, PASSED_VARIABLES } from '@locara/protocol';
import type { ControlParamsInput } from '@locara/protocol';
import type { Command } from 'commander';
import { CliError, EXIT } from '../context.ts';
import type { CliContext } from '../context.ts';
import { plain } from '../output.ts';
import { addExample } from './example.ts';

export function registerRun(app: Command, context: CliContext): void {
  const run = app
    .command('run')
    .description(
      'start an app in a sandbox: no network, no files but its own and its program (Linux)',
    )
    .argument('<id>', 'publisher/name')
    .argument('<command...>', 'after --, the program and its arguments')
    .option(
      '--program <folder>',
      'the folder of the program, shared read-only; else the current one',
    )
    .action(async (appId: string, command: string[], { program }: { program?: string }) => {
      await runApp(context, describeRun(context, { appId, command, program }));
    });
  addExample(run, 'locara app run acme/notes -- node main.js');
}

type RunParams = ControlParamsInput<'app.run'>;

function describeRun(
  { environment }: CliContext,
  asked: {
    readonly appId: string;
    readonly command: string[];
    readonly program?: string | undefined;
  },
): RunParams {
  const { appId, command, program } = asked;
  const searchPath = environment['PATH'];
  const passed = PASSED_VARIABLES.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value]];
  });
  return {
    appId,
    command,
    currentFolder: process.cwd(),
    environment: Object.fromEntries(passed) as RunParams['environment'],
    ...(program === undefined ? {} : { programFolder: resolve(program) }),
    ...(searchPath === undefined ? {} : { searchPath }),
  };
}

/** Refusals of the daemon that are the user's or a publisher's decision. */
const REFUSALS = ['app_revoked', 'blocked'];

async function runApp(context: CliContext, params: RunParams): Promise<void> {
  try {
    const exitCode = await context.interruptible((signal) => passThrough(context, params, signal));
    if (context.json) context.print({ appId: params.appId, exitCode }, '');
    context.endWith(exitCode);
  } catch (error) {
    if (error instanceof RpcError && REFUSALS.includes(String(error.details?.['rule']))) {
      throw new CliError('Refused', error.message, EXIT.refused);
    }
    throw error;
  } finally {
    context.streams.stdin.destroy();
  }
}

/** With `--json` stdout is for the document alone: what the app prints goes to stderr. */
async function passThrough(
  context: CliContext,
  params: RunParams,
  signal: AbortSignal,
): Promise<number> {
  const { stdin, stdout, stderr } = context.streams;
  const answer = context.controlStream('app.run', params, signal);
  let input: Promise<void> | undefined;
  try {
    for await (const { started, ...output } of answer) {
      if (started !== undefined) {
        noteFolder(context, started.sharedFolder);
        input = forwardInput(context, stdin, started.run);
      }
      await write(context.json ? stderr : stdout, output.stdout);
      await write(stderr, output.stderr);
    }
    return (await answer).exitCode;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    stdin.destroy();
    await input;
  }
}

function noteFolder(context: CliContext, folder: string | undefined): void {
  if (!context.interactive) return;
  context.note(
    folder === undefined
      ? 'No folder is shared with the app: name that of its program with --program.'
      : `The app may read ${plain(folder)}.`,
  );
}

/** Piece by piece, the next one once the app may be given more; ends when the app reads no more. */
async function forwardInput(context: CliContext, stdin: Readable, run: string): Promise<void> {
  try {
    for await (const bytes of stdin as AsyncIterable<Buffer>) {
      for (let start = 0; start < bytes.length; start += MAX_INPUT_BYTES) {
        const data = bytes.subarray(start, start + MAX_INPUT_BYTES).toString('base64');
        const { isOpen } = await context.control('app.input', { run, data });
        if (!isOpen) return;
      }
    }
    await context.control('app.input', { run, end: true });
  } catch {
    // The app ended, or the connection did: whoever waits for its answer is told why.
  }
}

async function write(stream: Writable, base64: string | undefined): Promise<void> {
  if (base64 === undefined || stream.destroyed) return;
  if (!stream.write(Buffer.from(base64, 'base64'))) await once(stream, 'drain');
}
