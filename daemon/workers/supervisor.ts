import { BACK_OFF, createBackOff, type BackOff } from './back-off.ts';
import { CallQueue } from './call-queue.ts';
import { describeDevice, type EngineDevice } from './device.ts';
import { workerEntry } from './entry.ts';
import { PendingCall } from './pending-call.ts';
import {
  busyError,
  cancelledError,
  closedError,
  crashError,
  crashLoopError,
  fromWorkerError,
  startError,
} from './worker-error.ts';
import type { WorkerDependencies } from './worker-dependencies.ts';
import { WorkerProcess, type CallMessage, type ProcessExit } from './worker-process.ts';
import type { Worker, WorkerCallOptions, WorkerSpec, WorkerStatus } from './worker.ts';

/** Supervises one worker. Nothing runs before the first call. */
export function createWorker<Ops>(spec: WorkerSpec, dependencies: WorkerDependencies): Worker<Ops> {
  const supervisor = new Supervisor(spec, dependencies);
  return {
    call: (op, params, options = {}) =>
      supervisor.call(op, params, options as WorkerCallOptions<unknown>) as Promise<never>,
    notify: (op, params) => {
      supervisor.notify(op, params);
    },
    status: () => supervisor.status(),
    close: () => supervisor.close(),
  };
}

const STARTING = 'start';
const MAX_RERUNS = 3;

class Supervisor {
  readonly #spec: WorkerSpec;
  readonly #dependencies: WorkerDependencies;
  readonly #backOff: BackOff;
  readonly #running = new Map<number, PendingCall>();
  readonly #queue = new CallQueue();
  readonly #graceTimers = new Map<number, NodeJS.Timeout>();
  #process: WorkerProcess | undefined;
  #device: EngineDevice | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #nextId = 1;

  constructor(spec: WorkerSpec, dependencies: WorkerDependencies) {
    this.#spec = spec;
    this.#dependencies = dependencies;
    this.#backOff = createBackOff(dependencies.backOff ?? BACK_OFF, () => performance.now());
  }

  async call(op: string, params: unknown, options: WorkerCallOptions<unknown>): Promise<unknown> {
    if (this.#isClosed) throw closedError();
    if (options.signal?.aborted === true) throw cancelledError();
    this.#assertNotQuarantined(op);
    this.#assertRoom();
    const call = new PendingCall({
      id: this.#nextId++,
      op,
      params,
      options,
      onInterrupt: (interrupted, error) => {
        this.#interrupt(interrupted, error);
      },
    });
    this.#queue.push(call);
    this.#pump();
    return call.answer;
  }

  notify(op: string, params: unknown): void {
    if (this.#process?.isReady === true) this.#process.call(this.#nextId++, op, params);
  }

  status(): WorkerStatus {
    const { kind, model } = this.#spec;
    return {
      kind,
      model,
      pid: this.#process?.pid ?? 0,
      state: this.#state(),
      device: this.#device,
      running: this.#running.size,
      queued: this.#queue.length,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#idleTimer);
    for (const call of [...this.#running.values(), ...this.#queue.takeAll()])
      call.reject(closedError());
    await this.#process?.stop();
  }

  #state(): WorkerStatus['state'] {
    if (this.#process?.isReady === true) return this.#running.size > 0 ? 'busy' : 'ready';
    if (this.#process?.isEnding === false) return 'starting';
    return this.#queue.length > 0 ? 'restarting' : 'stopped';
  }

  #assertRoom(): void {
    const { maxConcurrent, maxQueued } = this.#spec;
    if (this.#running.size + this.#queue.length < maxConcurrent + maxQueued) return;
    throw busyError(this.#queue.length + 1);
  }

  #assertNotQuarantined(op: string): void {
    const retryAfterMs = Math.max(
      this.#backOff.quarantineMs(STARTING),
      this.#backOff.quarantineMs(op),
    );
    if (retryAfterMs > 0) throw crashLoopError(retryAfterMs);
  }

  /** Moves everything on that can move. Called after every change. */
  #pump(): void {
    clearTimeout(this.#idleTimer);
    if (this.#isClosed) return;
    const process = this.#process;
    if (process === undefined) {
      if (this.#queue.length > 0) this.#scheduleStart();
    } else if (process.isReady) {
      this.#dispatchAll(process);
      const isIdle = this.#running.size === 0;
      process.setReferenced(!isIdle);
      if (isIdle)
        this.#idleTimer = setTimeout(() => void process.stop(), this.#spec.idleMs).unref();
    }
    this.#announceWaiting();
  }

  #dispatchAll(process: WorkerProcess): void {
    while (this.#running.size < this.#spec.maxConcurrent) {
      const call = this.#queue.shift();
      if (call === undefined) return;
      try {
        this.#assertNotQuarantined(call.op);
        process.call(call.id, call.op, call.params);
      } catch (error) {
        call.reject(error);
        continue;
      }
      this.#running.set(call.id, call);
      call.begin();
    }
  }

  #announceWaiting(): void {
    const isLoading = this.#process?.isReady !== true;
    for (const [index, call] of this.#queue.calls().entries()) {
      if (isLoading && index < this.#spec.maxConcurrent) call.wait({ stage: 'loading' });
      else call.wait({ stage: 'queued', queuePosition: index + 1 });
    }
  }

  #scheduleStart(): void {
    if (this.#restartTimer !== undefined) return;
    const delayMs = this.#backOff.delayMs();
    if (delayMs === 0) this.#start();
    else {
      this.#restartTimer = setTimeout(() => {
        this.#restartTimer = undefined;
        if (this.#queue.length > 0) this.#start();
      }, delayMs);
    }
  }

  #start(): void {
    try {
      this.#process = this.#launch();
    } catch {
      const end = { cause: 'crashed' } as const;
      this.#exited({ pid: 0, end, wasReady: false, code: null, signal: null });
    }
  }

  #launch(): WorkerProcess {
    const { kind, model, start, startTimeoutMs, writableFolders = [] } = this.#spec;
    const process = new WorkerProcess({
      entry: this.#dependencies.entry ?? workerEntry(kind),
      start,
      startTimeoutMs,
      writableFolders,
      onReady: (device) => {
        this.#device = device;
        this.#backOff.recordSuccess(STARTING);
        this.#dependencies.log.info('worker.ready', {
          kind,
          model,
          workerPid: process.pid,
          device: describeDevice(device),
        });
        this.#dependencies.onReady?.();
        this.#pump();
      },
      onDevice: (device) => {
        this.#device = device;
      },
      onMessage: (message) => {
        this.#receive(message);
      },
      onExit: (exit) => {
        this.#exited(exit);
      },
    });
    return process;
  }

  #receive(message: CallMessage): void {
    const call = this.#running.get(message.id);
    if (call === undefined) return;
    if (message.type === 'chunk') call.chunk(message.chunk);
    else if (message.type === 'progress') call.progress(message.progress);
    else {
      this.#release(call);
      this.#backOff.recordSuccess(call.op);
      if (message.type === 'result') call.resolve(message.result);
      else call.reject(fromWorkerError(message.error));
      this.#pump();
    }
  }

  #release(call: PendingCall): void {
    clearTimeout(this.#graceTimers.get(call.id));
    this.#graceTimers.delete(call.id);
    this.#running.delete(call.id);
  }

  /** Answers at once; the operation itself is then cancelled, and killed if it does not listen. */
  #interrupt(call: PendingCall, error: unknown): void {
    call.reject(error);
    this.#queue.remove(call);
    const process = this.#process;
    if (process !== undefined && this.#running.has(call.id)) {
      if (this.#spec.cancel === 'kill') process.kill();
      else {
        process.cancel(call.id);
        const timer = setTimeout(() => {
          process.kill();
        }, this.#spec.cancelGraceMs).unref();
        this.#graceTimers.set(call.id, timer);
      }
    }
    this.#announceWaiting();
  }

  #exited(exit: ProcessExit): void {
    const { kind, model } = this.#spec;
    const { pid, end, wasReady, code, signal } = exit;
    this.#process = undefined;
    this.#device = undefined;
    const running = [...this.#running.values()];
    for (const call of running) this.#release(call);
    const fields = {
      kind,
      model,
      workerPid: pid,
      reason: end.cause,
      code: code ?? undefined,
      signal: signal ?? undefined,
    };
    if (end.cause === 'ended') {
      this.#dependencies.log.info('worker.ended', fields);
      this.#rerun(running);
    } else {
      this.#dependencies.log.warn(wasReady ? 'worker.died' : 'worker.startFailed', fields);
      this.#fail(running, exit);
    }
    this.#dependencies.onExit?.(exit);
    this.#pump();
  }

  #fail(running: readonly PendingCall[], { end, wasReady }: ProcessExit): void {
    if (wasReady) {
      for (const op of new Set(running.map((call) => call.op))) this.#backOff.recordCrash(op);
      for (const call of running) call.reject(crashError());
      return;
    }
    // An engine that says why it cannot start has not crashed: its reason is answered every time.
    if (end.cause !== 'failed') this.#backOff.recordCrash(STARTING);
    for (const call of this.#queue.takeAll())
      call.reject(startError(end, this.#spec.startTimeoutMs));
  }

  /** Calls that shared a process with one that had to be killed: run again where nobody can tell. */
  #rerun(running: readonly PendingCall[]): void {
    const [again, lost] = partition(
      running.filter((call) => !call.isSettled),
      (call) => this.#spec.cancel === 'kill' && !call.hasSentChunk && call.reruns < MAX_RERUNS,
    );
    for (const call of lost) call.reject(crashError());
    for (const call of again) {
      call.suspend();
      call.reruns += 1;
    }
    this.#queue.restore(again);
  }
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
