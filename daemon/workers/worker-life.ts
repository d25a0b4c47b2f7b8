import type { EngineDevice } from './device.ts';
import { workerEntry } from './entry.ts';
import type { WorkerDependencies } from './worker-dependencies.ts';
import { WorkerProcess, type CallMessage, type ProcessExit } from './worker-process.ts';
import type { WorkerSpec } from './worker.ts';

/** Told of what happens to the processes. */
export interface LifeListener {
  readonly onReady: () => void;
  readonly onMessage: (message: CallMessage) => void;
  /** No process comes, for this reason. */
  readonly onRefused: (error: unknown) => void;
  /** A start was given up because nobody waited; somebody may wait again. */
  readonly onAbandoned: () => void;
  readonly onExit: (exit: ProcessExit) => void;
}

/** Where the worker's process stands. `waiting`: for the back-off; `starting`: from admission to loaded. */
export type LifePhase = 'none' | 'waiting' | 'starting' | 'ready' | 'ending';

/** The processes of one worker, one after the other: admission, fork, idle time, end. It knows no calls. */
export class WorkerLife {
  readonly #spec: WorkerSpec;
  readonly #dependencies: WorkerDependencies;
  readonly #listener: LifeListener;
  #process: WorkerProcess | undefined;
  #device: EngineDevice | undefined;
  #forkedAt = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #admission: AbortController | undefined;
  #idleSince: number | undefined = performance.now();
  #idleTimer: NodeJS.Timeout | undefined;
  #isHeld = false;
  #isClosed = false;

  constructor(spec: WorkerSpec, dependencies: WorkerDependencies, listener: LifeListener) {
    this.#spec = spec;
    this.#dependencies = dependencies;
    this.#listener = listener;
  }

  get phase(): LifePhase {
    if (this.#process?.isReady === true) return 'ready';
    if (this.#process !== undefined) return this.#process.isEnding ? 'ending' : 'starting';
    if (this.#admission !== undefined) return 'starting';
    return this.#restartTimer === undefined ? 'none' : 'waiting';
  }

  /** The one that takes calls now. */
  get ready(): WorkerProcess | undefined {
    return this.#process?.isReady === true ? this.#process : undefined;
  }

  status(): { pid: number; device: EngineDevice | undefined; uptimeMs: number; idleForMs: number } {
    const since = (at: number): number => Math.max(0, Math.round(performance.now() - at));
    const hasProcess = this.#process !== undefined;
    return {
      pid: this.#process?.pid ?? 0,
      device: this.#device,
      uptimeMs: hasProcess ? since(this.#forkedAt) : 0,
      idleForMs: hasProcess && this.#idleSince !== undefined ? since(this.#idleSince) : 0,
    };
  }

  /** Sees to it that a process comes, after `delayMs`; nothing where one is there or on its way. */
  start(delayMs: number): void {
    if (this.phase !== 'none' || this.#isClosed) return;
    if (delayMs === 0) void this.#begin();
    else {
      this.#restartTimer = setTimeout(() => {
        this.#restartTimer = undefined;
        void this.#begin();
      }, delayMs);
    }
  }

  /** Whether a call runs or waits. */
  setBusy(isBusy: boolean): void {
    if (isBusy === (this.#idleSince === undefined)) return;
    this.#idleSince = isBusy ? undefined : performance.now();
    if (!isBusy) this.#abandonStart();
    this.#settle();
  }

  keepWarm(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#armIdleTimer();
  }

  kill(): void {
    this.#process?.kill();
  }

  /** Resolves once the process is gone. */
  async stop(): Promise<void> {
    clearTimeout(this.#idleTimer);
    await this.#process?.stop();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#abandonStart();
    await this.stop();
  }

  /** What has not been forked yet is not needed any more; a process that is loading becomes idle. */
  #abandonStart(): void {
    clearTimeout(this.#restartTimer);
    this.#restartTimer = undefined;
    this.#admission?.abort();
  }

  /** An idle process neither keeps the daemon alive nor lives for ever. */
  #settle(): void {
    this.ready?.setReferenced(this.#idleSince === undefined);
    this.#armIdleTimer();
  }

  /** The whole idle time passes once a hold has ended. */
  #armIdleTimer(): void {
    clearTimeout(this.#idleTimer);
    if (this.#isHeld || this.#idleSince === undefined || this.ready === undefined) return;
    this.#idleTimer = setTimeout(() => void this.stop(), this.#spec.idleMs).unref();
  }

  async #begin(): Promise<void> {
    const admission = new AbortController();
    this.#admission = admission;
    try {
      await this.#dependencies.beforeStart?.(admission.signal);
    } catch (error) {
      this.#admission = undefined;
      if (admission.signal.aborted) this.#listener.onAbandoned();
      else this.#listener.onRefused(error);
      return;
    }
    try {
      const start = await this.#describeStart();
      this.#admission = undefined;
      if (admission.signal.aborted) this.#leaveUnforked('ended');
      else this.#fork(start);
    } catch (error) {
      this.#admission = undefined;
      this.#listener.onRefused(error);
      this.#leaveUnforked('ended');
    }
  }

  #describeStart(): unknown {
    const { start } = this.#spec;
    return typeof start === 'function' ? (start as () => unknown)() : start;
  }

  #fork(start: unknown): void {
    this.#forkedAt = performance.now();
    try {
      this.#process = this.#launch(start);
    } catch {
      this.#leaveUnforked('crashed');
    }
  }

  #leaveUnforked(cause: 'ended' | 'crashed'): void {
    this.#left({ pid: 0, end: { cause }, wasReady: false, code: null, signal: null });
  }

  #left(exit: ProcessExit): void {
    this.#process = undefined;
    this.#device = undefined;
    clearTimeout(this.#idleTimer);
    // First whoever counts memory, then the calls, which may start the next process.
    this.#dependencies.onExit?.(exit);
    this.#listener.onExit(exit);
  }

  #launch(start: unknown): WorkerProcess {
    const { kind, startTimeoutMs, writableFolders = [], confinesReads } = this.#spec;
    return new WorkerProcess({
      entry: this.#dependencies.entry ?? workerEntry(kind),
      start,
      startTimeoutMs,
      writableFolders,
      confinesReads,
      onReady: (device) => {
        this.#device = device;
        this.#settle();
        this.#dependencies.onReady?.();
        this.#listener.onReady();
      },
      onDevice: (device) => {
        this.#device = device;
      },
      onMessage: this.#listener.onMessage,
      onExit: (exit) => {
        this.#left(exit);
      },
    });
  }
}
