import { constants } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { createControlClient } from '@locara/client';
import { CliError, EXIT } from './context.ts';
import type { CliContext } from './context.ts';
import { plain, toJsonLine } from './output.ts';
import type { Streams } from './streams.ts';
import { currentPlaces } from './places.ts';
import { wrapLine } from './wrap-line.ts';

/** Where the signals that end a command come from: the process, or a test. */
export interface SignalSource {
  on(signal: EndingSignal, listener: (signal: EndingSignal) => void): unknown;
  off(signal: EndingSignal, listener: (signal: EndingSignal) => void): unknown;
}

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type EndingSignal = (typeof ENDING_SIGNALS)[number];

export interface ContextOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly streams: Streams;
  readonly signals: SignalSource;
  readonly json: boolean;
}

/** The context of one command run; disposing closes its connection to the daemon. */
export interface OpenContext extends CliContext, AsyncDisposable {
  /** Of a command that did not throw. */
  readonly exitCode: number;
}

export function createContext(options: ContextOptions): OpenContext {
  const { environment, streams, signals, json } = options;
  const { stdin, stdout, stderr } = streams;
  const canAsk = !json && stdin.isTTY === true && stderr.isTTY === true;
  let exitCode: number = EXIT.done;
  const control = createControlClient({ socket: currentPlaces(environment).controlSocket });
  return {
    environment,
    streams,
    json,
    interactive: !json && stdout.isTTY === true,
    canAsk,
    print: (document, lines) => {
      const text = typeof lines === 'string' ? lines : lines.join('\n');
      stdout.write(`${json ? toJsonLine(document) : text}\n`);
    },
    note: (line) => {
      if (!json) stderr.write(`${fit(line, stderr).join('\n')}\n`);
    },
    confirm: async (question) => canAsk && (await ask(streams, question)),
    interruptible: (run) => untilSignalled(signals, run),
    control: (method, params) => control.call(method, params),
    controlStream: (method, params, signal) => control.stream(method, params, { signal }),
    endWith: (code) => {
      exitCode = code;
    },
    get exitCode() {
      return exitCode;
    },
    [Symbol.asyncDispose]: () => control.close(),
  };
}

/** Lines as wide as the terminal at the most; where there is none, the line as it is. */
function fit(line: string, { isTTY, columns = 0 }: Streams['stderr']): string[] {
  return isTTY === true && columns > 0 ? wrapLine(line, columns) : [line];
}

/** Further signals change nothing: npm, for one, passes on what the terminal has sent already. */
async function untilSignalled<T>(
  signals: SignalSource,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interruption = new AbortController();
  const interrupt = (signal: EndingSignal): void => {
    const exitCode = 128 + constants.signals[signal];
    interruption.abort(new CliError('Interrupted', `Ended by ${signal}.`, exitCode));
  };
  for (const signal of ENDING_SIGNALS) signals.on(signal, interrupt);
  try {
    return await run(interruption.signal);
  } finally {
    for (const signal of ENDING_SIGNALS) signals.off(signal, interrupt);
  }
}

/** Yes only to `y` or `yes`; a closed terminal is a no. */
async function ask({ stdin, stderr }: Streams, question: string): Promise<boolean> {
  const prompt = createInterface({ input: stdin, output: stderr, terminal: false });
  try {
    const closed = new Promise<string>((resolve) =>
      prompt.once('close', () => {
        resolve('');
      }),
    );
    const answer = await Promise.race([prompt.question(`${plain(question)} [y/N] `), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
