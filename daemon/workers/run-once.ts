import type { WorkerError } from './messages.ts';
import { WorkerProcess, type ProcessEnd } from './worker-process.ts';

/** One operation in a sealed process that lives for nothing else. */
export interface OneRun {
  readonly entry: URL;
  readonly op: string;
  /** What its engine is loaded with; nothing by default. */
  readonly start?: unknown;
  /** Its own folder: it may change no other file, and read none but its code. Without one it may read. */
  readonly folder?: string;
  readonly params: unknown;
  /** From the fork to the answer; then SIGKILL. */
  readonly timeoutMs: number;
  readonly maxHeapMib: number;
}

/** What came of it. `result` and `error` are what a process said that may have been taken over. */
export type RunOutcome =
  | { readonly cause: 'result'; readonly result: unknown }
  | { readonly cause: 'error'; readonly error: WorkerError }
  | { readonly cause: 'timeout' }
  | { readonly cause: 'unsealed' }
  | { readonly cause: 'crashed' };

const CALL_ID = 1;

/** Resolves once the process is gone, however it went; never rejects. */
export function runOnce(run: OneRun): Promise<RunOutcome> {
  const { entry, op, params, start = {}, folder, timeoutMs, maxHeapMib } = run;
  const { promise, resolve } = Promise.withResolvers<RunOutcome>();
  let outcome: RunOutcome | undefined;
  const settle = (settled: RunOutcome): void => {
    outcome ??= settled;
    worker.kill();
  };
  const worker = new WorkerProcess({
    entry,
    start,
    writableFolders: folder === undefined ? [] : [folder],
    confinesReads: folder !== undefined,
    maxHeapMib,
    startTimeoutMs: timeoutMs,
    onReady: () => {
      worker.call(CALL_ID, op, params);
    },
    onMessage: (message) => {
      if (message.type === 'result') settle({ cause: 'result', result: message.result });
      if (message.type === 'error') settle({ cause: 'error', error: message.error });
    },
    onExit: ({ end }) => {
      clearTimeout(timer);
      resolve(outcome ?? toOutcome(end));
    },
  });
  const timer = setTimeout(() => {
    settle({ cause: 'timeout' });
  }, timeoutMs);
  return promise;
}

function toOutcome({ cause }: ProcessEnd): RunOutcome {
  if (cause === 'unsealed') return { cause: 'unsealed' };
  if (cause === 'start-timeout') return { cause: 'timeout' };
  return { cause: 'crashed' };
}
