import type { ControlCallName, StreamingCall } from '@locara/client';
import type {
  ControlChunk,
  ControlParamsInput,
  ControlResult,
  ControlStreamingMethodName,
} from '@locara/protocol';
import type { Streams } from './streams.ts';

/** Exit codes of every command (contract, section 5). */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, unreachable: 4 } as const;

/** A failure with an exit code and a sentence that says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly reason: string;
  readonly exitCode: number;
  /** More for machines; part of the error document of `--json`. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What `--json` prints beside the error. */
  readonly document?: Readonly<Record<string, unknown>>;

  constructor(reason: string, message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.reason = reason;
    this.exitCode = exitCode;
  }
}

/** What a command is given. Commands throw CliError or RpcError; the frame prints it and exits. */
export interface CliContext {
  readonly environment: NodeJS.ProcessEnv;
  /** For commands that pass bytes through; all others use `print` and `note`. */
  readonly streams: Streams;
  /** True with `--json`: one JSON document on stdout, nothing else. */
  readonly json: boolean;
  /** True when stdout is a terminal and `--json` is off: colour and progress are welcome. */
  readonly interactive: boolean;
  /** Prints the result: the document itself with `--json`, else the lines. */
  print(document: unknown, lines: string | readonly string[]): void;
  /** One note on stderr, for people, as wide as their terminal at the most; silent with `--json`. */
  note(line: string): void;
  /** True when there is a person to ask: a terminal on stdin and stderr, and no `--json`. */
  readonly canAsk: boolean;
  /** Asks on the terminal; false when `canAsk` is. */
  confirm(question: string): Promise<boolean>;
  /**
   * Runs something that has to clean up: SIGINT, SIGTERM and SIGHUP abort its signal, with a CliError
   * `Interrupted` as the reason, instead of ending the process.
   */
  interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** One call on the control socket; CliError `DaemonUnreachable` (exit 4) when nothing answers. */
  control<M extends ControlCallName>(
    method: M,
    params: ControlParamsInput<M>,
  ): Promise<ControlResult<M>>;
  /** The same for a method with chunks; aborting the signal ends it. */
  controlStream<M extends ControlStreamingMethodName>(
    method: M,
    params: ControlParamsInput<M>,
    signal?: AbortSignal,
  ): StreamingCall<ControlChunk<M>, ControlResult<M>>;
  /** The exit code of a command that is done and says so in a number of its own. */
  endWith(exitCode: number): void;
}
