import type { Worker, WorkerCallOptions } from '../../daemon/workers/worker.ts';

/** One call that reached the worker. */
export interface SeenCall {
  readonly op: string;
  readonly params: unknown;
  readonly signal: AbortSignal;
}

/** What the worker does with a call: reports through `options`, then answers. */
export type Script = (call: SeenCall, options: WorkerCallOptions<unknown>) => Promise<unknown>;

/** A worker without a process, for tests of what stands above it. It does what its script says. */
export function createScriptedWorker<Ops>(script: Script): Worker<Ops> & { seen: SeenCall[] } {
  const seen: SeenCall[] = [];
  return {
    seen,
    call: (op, params, options) => {
      const call = { op, params, signal: options?.signal ?? new AbortController().signal };
      seen.push(call);
      return script(call, (options ?? {}) as WorkerCallOptions<unknown>) as Promise<never>;
    },
    prepare: () => Promise.resolve(),
    notify: () => undefined,
    keepWarm: () => undefined,
    stopIfIdle: () => Promise.resolve(false),
    status: () => ({
      kind: 'llm',
      model: 'scripted',
      pid: 0,
      state: 'ready',
      device: undefined,
      running: 0,
      queued: 0,
      uptimeMs: 0,
      idleForMs: 0,
    }),
    close: () => Promise.resolve(),
  };
}
