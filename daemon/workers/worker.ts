import type { Progress } from '@locara/protocol';
import type { EngineDevice } from './device.ts';
import type { WorkerKind } from './messages.ts';

export interface WorkerCallOptions<C> {
  /** Whose call it is: the apps that wait for a worker take turns. */
  readonly app?: string;
  /** Background calls wait until no interactive one does. */
  readonly priority?: 'interactive' | 'background';
  readonly signal?: AbortSignal;
  readonly onChunk?: (chunk: C) => void;
  readonly onProgress?: (progress: Progress) => void;
  /** The daemon's own deadline, counted from when the operation begins: past it the call answers Timeout and the operation is cancelled. */
  readonly timeoutMs?: number;
}

/** Where a worker stands, for the user’s own eyes. */
export interface WorkerStatus {
  readonly kind: WorkerKind;
  readonly model: string;
  /** 0 while no process runs. */
  readonly pid: number;
  readonly state: 'stopped' | 'starting' | 'ready' | 'busy' | 'restarting';
  /** While an engine is loaded. */
  readonly device: EngineDevice | undefined;
  readonly running: number;
  readonly queued: number;
}

/**
 * One supervised child process, started by its first call and again after a crash.
 * A call fails with an RpcError: the worker's own, `WorkerCrashed` when it died under the call,
 * `Unavailable` when it could not seal itself, `Busy` when its queue is full, `Cancelled`, `Timeout`.
 */
export interface Worker<Ops> {
  call<O extends keyof Ops & string>(
    op: O,
    params: OpField<Ops, O, 'params'>,
    options?: WorkerCallOptions<OpField<Ops, O, 'chunk'>>,
  ): Promise<OpField<Ops, O, 'result'>>;
  /**
   * Tells the process something now, ahead of what waits. Nobody learns what comes of it, and where no process
   * runs nothing does: it never starts one.
   */
  notify<O extends keyof Ops & string>(op: O, params: OpField<Ops, O, 'params'>): void;
  status(): WorkerStatus;
  /** Ends the process; calls in flight answer `Unavailable`. */
  close(): Promise<void>;
}

type OpField<Ops, O extends keyof Ops, F extends string> = F extends keyof Ops[O]
  ? Ops[O][F]
  : never;

/** How to run one worker. `start` is what its engine needs: paths, sizes, a key. */
export interface WorkerSpec {
  readonly kind: WorkerKind;
  /** The model's id, or the store's app: for status and logs. */
  readonly model: string;
  readonly start: unknown;
  /**
   * `message`: the engine stops by itself; `kill`: only SIGKILL stops it, and it is started anew. Other calls
   * that ran beside a killed one are then run again, so with `kill` either nothing runs beside it or running twice is harmless.
   */
  readonly cancel: 'message' | 'kill';
  /** How long a cancelled operation may take to settle before the process is killed. */
  readonly cancelGraceMs: number;
  readonly startTimeoutMs: number;
  /** The process ends after this long without a call. */
  readonly idleMs: number;
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  /** The only folders whose files the process may change, on macOS beside the temporary one. They must exist. */
  readonly writableFolders?: readonly string[];
}
