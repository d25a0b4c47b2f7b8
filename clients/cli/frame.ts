import { Command, CommanderError } from 'commander';
import { EXIT } from './context.ts';
import type { CliContext } from './context.ts';
import { toFailure } from './failure.ts';
import type { Failure } from './failure.ts';
import { plain, toJsonLine } from './output.ts';
import type { Streams } from './streams.ts';
import { createContext } from './terminal-context.ts';
import type { SignalSource } from './terminal-context.ts';

/** Adds one command, or a group of them, to the program. */
export type Registration = (program: Command, context: CliContext) => void;

/** What one command is run with. */
export interface CliRun {
  /** Without the runtime and the script. */
  readonly argv: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly streams: Streams;
  readonly signals: SignalSource;
  readonly registrations: readonly Registration[];
  readonly version: string;
}

/** One command from its arguments to its exit code; never throws, never ends the process. */
export async function runCli(run: CliRun): Promise<number> {
  const { argv, environment, streams, signals } = run;
  const json = asksForJson(argv);
  await using context = createContext({ environment, streams, signals, json });
  const shown: string[] = [];
  try {
    await createProgram(run, context, shown).parseAsync(argv, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (isHelp(error)) {
      const text = shown.join('');
      const isVersion = error.code === 'commander.version';
      context.print(isVersion ? { version: run.version } : { help: text }, text.trimEnd());
      return EXIT.done;
    }
    const failure = toFailure(error);
    showFailure(failure, streams, json);
    return failure.exitCode;
  }
}

/** `shown` takes what help and version say. */
function createProgram(run: CliRun, context: CliContext, shown: string[]): Command {
  const { stderr } = run.streams;
  const program = new Command('locara')
    .description('Apps, models and trust of locarad, the local-AI daemon of this computer.')
    .version(run.version)
    .option('--json', 'print one JSON document, for machines')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => shown.push(text),
      // Misuse is shown by the frame, once and in the form that was asked for.
      outputError: () => undefined,
      writeErr: (text) => {
        if (!context.json) stderr.write(text);
      },
    });
  for (const register of run.registrations) register(program, context);
  return program;
}

/** Known before parsing, so that a misuse can be answered as JSON too. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes('--json');
}

function isHelp(error: unknown): error is CommanderError {
  return error instanceof CommanderError && error.exitCode === 0;
}

function showFailure(
  { reason, message, details, errorId, document }: Failure,
  { stdout, stderr }: Streams,
  json: boolean,
): void {
  if (json) {
    // What is undefined is left out.
    const error = { reason, message, details, errorId };
    stdout.write(`${toJsonLine({ ...document, error })}\n`);
    return;
  }
  const lines = [
    ...message.split('\n'),
    ...renderIssues(details?.['issues']),
    ...(errorId === undefined ? [] : [`  errorId: ${errorId}`]),
  ];
  stderr.write(`locara: ${lines.map(plain).join('\n')}\n`);
}

/** What is wrong with each param, as the daemon told it. */
function renderIssues(issues: unknown): string[] {
  if (!Array.isArray(issues)) return [];
  return issues.map((issue: Readonly<Record<string, unknown>>) => {
    const [path, rule] = [issue['path'], issue['rule']].map(String);
    return path === '' ? `  ${rule}` : `  ${path}: ${rule}`;
  });
}
