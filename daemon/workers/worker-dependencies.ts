import type { BackOffSettings } from './back-off.ts';
import type { ProcessExit } from './worker-process.ts';

/** What the supervisor writes to: never content, only names, numbers and reasons. */
interface WorkerLog {
  info(event: string, fields: WorkerLogFields): void;
  warn(event: string, fields: WorkerLogFields): void;
}

type WorkerLogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface WorkerDependencies {
  readonly log: WorkerLog;
  /** The worker's program; by default the one of its kind. */
  readonly entry?: URL;
  /**
   * Asked before every start, first of all: may wait, as for memory, and what it throws answers the calls that wait.
   * `signal` aborts when nobody waits any more. Once it has resolved, `onExit` follows exactly once.
   */
  readonly beforeStart?: (signal: AbortSignal) => Promise<void>;
  /** Told of every process that is loaded, before it gets a call. */
  readonly onReady?: () => void;
  /** Told of the end of every process, expected or not. */
  readonly onExit?: (exit: ProcessExit) => void;
  readonly backOff?: BackOffSettings;
}
