import { BACK_OFF, createBackOff, type BackOff } from './back-off.ts';
import { CallQueue } from './call-queue.ts';
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
import { WorkerLife } from './worker-life.ts';
import type { CallMessage, ProcessExit, WorkerProcess } from './worker-process.ts';
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
    keepWarm: (isHeld) => {
      supervisor.keepWarm(isHeld);
    },
    stopIfIdle: () => supervisor.stopIfIdle(),
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
  readonly #life: WorkerLife;
  #isClosed = false;
  #nextId = 1;

  constructor(spec: WorkerSpec, dependencies: WorkerDependencies) {
    this.#spec = spec;
    this.#dependencies = dependencies;
    this.#backOff = createBackOff(dependencies.backOff ?? BACK_OFF, () => performance.now());
    this.#life = new WorkerLife(spec, dependencies, {
      onReady: () => {
        this.#started();
      },
      onMessage: (message) => {
        this.#receive(message);
      },
      onRefused: (error) => {
        this.#refuseWaiting(error);
      },
      onAbandoned: () => {
        this.#pump();
      },
      onExit: (exit) => {
        this.#exited(exit);
      },
    });
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
    this.#life.ready?.call(this.#nextId++, op, params);
  }

  keepWarm(isHeld: boolean): void {
    this.#life.keepWarm(isHeld);
  }

  async stopIfIdle(): Promise<boolean> {
    if (this.#isBusy) return false;
    await this.#life.stop();
    return true;
  }

  status(): WorkerStatus {
    const { kind, model } = this.#spec;
    return {
      kind,
      model,
      ...this.#life.status(),
      state: this.#state(),
      running: this.#running.size,
      queued: this.#queue.length,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const call of [...this.#running.values(), ...this.#queue.takeAll()])
      call.reject(closedError());
    await this.#life.close();
  }

  get #isBusy(): boolean {
    return this.#running.size + this.#queue.length > 0;
  }

  #state(): WorkerStatus['state'] {
    switch (this.#life.phase) {
      case 'ready':
        return this.#running.size > 0 ? 'busy' : 'ready';
      case 'starting':
        return 'starting';
      case 'waiting':
        return 'restarting';
      case 'ending':
      case 'none':
        return this.#queue.length > 0 ? 'restarting' : 'stopped';
    }
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
    if (this.#isClosed) return;
    const process = this.#life.ready;
    if (process !== undefined) this.#dispatchAll(process);
    else if (this.#queue.length > 0) this.#life.start(this.#backOff.delayMs());
    this.#life.setBusy(this.#isBusy);
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
    const isLoading = this.#life.ready === undefined;
    for (const [index, call] of this.#queue.calls().entries()) {
      if (isLoading && index < this.#spec.maxConcurrent) call.wait({ stage: 'loading' });
      else call.wait({ stage: 'queued', queuePosition: index + 1 });
    }
  }

  #started(): void {
    const { kind, model } = this.#spec;
    const { pid, device } = this.#life.status();
    this.#backOff.recordSuccess(STARTING);
    this.#dependencies.log.info('worker.ready', { kind, model, workerPid: pid, device });
    this.#pump();
  }

  #refuseWaiting(error: unknown): void {
    for (const call of this.#queue.takeAll()) call.reject(error);
    this.#pump();
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
    if (this.#running.has(call.id)) this.#stopOperation(call);
    this.#pump();
  }

  #stopOperation(call: PendingCall): void {
    if (this.#spec.cancel === 'kill') {
      this.#life.kill();
      return;
    }
    this.#life.ready?.cancel(call.id);
    const timer = setTimeout(() => {
      this.#life.kill();
    }, this.#spec.cancelGraceMs).unref();
    this.#graceTimers.set(call.id, timer);
  }

  #exited(exit: ProcessExit): void {
    const { kind, model } = this.#spec;
    const { pid, end, wasReady, code, signal } = exit;
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
