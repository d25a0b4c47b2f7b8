import type { Progress } from '@locara/protocol';
import type { EngineDevice } from './device.ts';
import type { WorkerKind } from './messages.ts';

export interface WorkerCallOptions<C, R = unknown> {
  /** Whose call it is: the apps that wait for a worker are served equally, measured in cost. */
  readonly app?: string;
  /** Background calls let interactive ones go first; a few of their turns are theirs all the same. */
  readonly priority?: 'interactive' | 'background';
  /** What the call is guessed to take of the worker, in tokens or any unit that its calls share; 1 by default. */
  readonly cost?: number;
  /** What it took in truth, in the same unit: mends the guess once the call has ended. */
  readonly costOf?: (result: R) => number;
  readonly signal?: AbortSignal;
  readonly onChunk?: (chunk: C) => void;
  readonly onProgress?: (progress: Progress) => void;
  /** The daemon's own deadline, counted from when the operation begins: past it the call answers Timeout and the operation is cancelled. */
  readonly timeoutMs?: number;
  /** The caller's deadline, counted from the arrival of the call: waiting, loading and running. */
  readonly deadlineMs?: number;
}

/** Where a worker stands, for the user’s own eyes and for whoever plans memory. */
export interface WorkerStatus {
  readonly kind: WorkerKind;
  readonly model: string;
  /** 0 while no process runs. */
  readonly pid: number;
  readonly state:
    | 'stopped'
    | 'starting'
    | 'ready'
    | 'busy'
    | 'restarting'
    /** Crashed too often; calls are refused until it may be tried again. */
    | 'quarantined';
  /** While an engine is loaded. */
  readonly device: EngineDevice | undefined;
  readonly running: number;
  readonly queued: number;
  /** How long ago the process was forked; 0 while none runs. */
  readonly uptimeMs: number;
  /** How long nothing has run or waited beside a living process; 0 while something does, and without a process. */
  readonly idleForMs: number;
  readonly quarantine?: Quarantine;
}

export interface Quarantine {
  readonly remainingMs: number;
  /** In a row. */
  readonly crashes: number;
  /** Why, for the user: one sentence. */
  readonly reason: string;
}

/**
 * One supervised child process, started by its first call and again after a crash.
 * A call fails with an RpcError: the worker's own, `WorkerCrashed` when it died under the call,
 * `Unavailable` when it could not seal itself or crashes again and again, `Busy` when its queue is full,
 * `Cancelled`, `Timeout`.
 */
export interface Worker<Ops> {
  call<O extends keyof Ops & string>(
    op: O,
    params: OpField<Ops, O, 'params'>,
    options?: WorkerCallOptions<OpField<Ops, O, 'chunk'>, OpField<Ops, O, 'result'>>,
  ): Promise<OpField<Ops, O, 'result'>>;
  /**
   * Sees to it that a process is there for such a call, and throws what would keep it out now: at rest after crashes,
   * a full queue, a process that does not start. For whoever pays for a call before it is made.
   */
  prepare(
    op: keyof Ops & string,
    options?: Pick<WorkerCallOptions<never>, 'app' | 'signal' | 'deadlineMs'>,
  ): Promise<void>;
  /**
   * Tells the process something now, ahead of what waits. Nobody learns what comes of it, and where no process
   * runs nothing does: it never starts one.
   */
  notify<O extends keyof Ops & string>(op: O, params: OpField<Ops, O, 'params'>): void;
  /** While held, the process does not end for being idle; a hold starts none. */
  keepWarm(isHeld: boolean): void;
  /**
   * Ends the process unless a call runs or waits, held warm or not: true once none is left.
   * A call that comes meanwhile or later starts it again.
   */
  stopIfIdle(): Promise<boolean>;
  status(): WorkerStatus;
  /** Ends the process; calls in flight answer `Unavailable`. */
  close(): Promise<void>;
}

type OpField<Ops, O extends keyof Ops, F extends string> = F extends keyof Ops[O]
  ? Ops[O][F]
  : never;

/** How to run one worker. */
export interface WorkerSpec {
  readonly kind: WorkerKind;
  /** The model's id, or the store's app: for status and logs. */
  readonly model: string;
  /**
   * What its engine needs: paths, sizes, a key; or a function that says so, also by a promise, asked at every start.
   * What it throws answers the calls that wait.
   */
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
  /**
   * Calls beyond `maxConcurrent` that may be sent to the process so that a newcomer need not wait for a place:
   * of an app without one while another has several, or interactive beside background. 0 by default.
   */
  readonly maxOvercommit?: number;
  readonly maxQueued: number;
  /** How many of them may be one app's; `maxQueued` by default. */
  readonly maxQueuedPerApp?: number;
  /** The only folders whose files the process may change, on macOS beside the temporary one. They must exist. */
  readonly writableFolders?: readonly string[];
  /** Whether it may read nothing but those, its own code and the system's. Its engine is told whether that holds. */
  readonly confinesReads?: boolean;
}
