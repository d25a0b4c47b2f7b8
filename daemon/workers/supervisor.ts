import { BACK_OFF } from './back-off.ts';
import { CallQueue } from './call-queue.ts';
import { CrashRecord } from './crash-record.ts';
import { describeDevice } from './device.ts';
import { EndedCalls } from './ended-calls.ts';
import { LOAD } from './engine.ts';
import { createPace } from './pace.ts';
import { PendingCall } from './pending-call.ts';
import { RunningCalls } from './running-calls.ts';
import { WaitingNotice } from './waiting-notice.ts';
import {
  busyError,
  cancelledError,
  closedError,
  crashLoopError,
  fromWorkerError,
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
    prepare: (op, options = {}) => supervisor.prepare(op, options),
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

/** The calls of one worker: which wait, and which run. */
class Supervisor {
  readonly #spec: WorkerSpec;
  readonly #dependencies: WorkerDependencies;
  readonly #life: WorkerLife;
  readonly #crashes: CrashRecord;
  readonly #queue = new CallQueue();
  readonly #running: RunningCalls;
  readonly #pace = createPace();
  readonly #ended: EndedCalls;
  readonly #notice: WaitingNotice;
  readonly #graceTimers = new Map<number, NodeJS.Timeout>();
  #isClosed = false;
  #nextId = 1;

  constructor(spec: WorkerSpec, dependencies: WorkerDependencies) {
    const { maxConcurrent, maxOvercommit = 0 } = spec;
    this.#spec = spec;
    this.#dependencies = dependencies;
    this.#crashes = new CrashRecord(dependencies.backOff ?? BACK_OFF, () => performance.now());
    this.#ended = new EndedCalls({
      spec,
      log: dependencies.log,
      queue: this.#queue,
      pace: this.#pace,
      crashes: this.#crashes,
    });
    this.#running = new RunningCalls({ maxConcurrent, maxOvercommit });
    this.#notice = new WaitingNotice(this.#queue, () =>
      this.#life.ready === undefined ? maxConcurrent : 0,
    );
    this.#life = new WorkerLife(spec, dependencies, {
      onReady: () => {
        this.#started();
      },
      onMessage: (message) => {
        this.#receive(message);
      },
      onRefused: (error) => {
        this.#ended.rejectWaiting(error);
        this.#pump();
      },
      onAbandoned: () => {
        this.#pump();
      },
      onExit: (exit) => {
        this.#exited(exit);
      },
    });
  }

  async prepare(
    op: string,
    { app, signal, deadlineMs }: WorkerCallOptions<unknown>,
  ): Promise<void> {
    const options = {
      ...(app === undefined ? {} : { app }),
      ...(signal === undefined ? {} : { signal }),
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    };
    this.#assertTakes(op, options);
    if (this.#life.ready === undefined) await this.call(LOAD, undefined, options);
  }

  async call(op: string, params: unknown, options: WorkerCallOptions<unknown>): Promise<unknown> {
    this.#assertTakes(op, options);
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
    if (!this.#running.has(call) && !call.isTold) call.wait({ stage: 'queued' });
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
    const quarantine = this.#crashes.worst();
    return {
      kind,
      model,
      ...this.#life.status(),
      state: this.#state(quarantine !== undefined),
      running: this.#running.size,
      queued: this.#queue.length,
      ...(quarantine === undefined ? {} : { quarantine }),
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#notice.stop();
    this.#ended.rejectWaiting(closedError());
    for (const call of this.#running.all()) call.reject(closedError());
    await this.#life.close();
  }

  get #isBusy(): boolean {
    return this.#running.size + this.#queue.length > 0;
  }

  #state(isQuarantined: boolean): WorkerStatus['state'] {
    switch (this.#life.phase) {
      case 'ready':
        return this.#running.size > 0 ? 'busy' : 'ready';
      case 'starting':
        return 'starting';
      case 'waiting':
      case 'ending':
      case 'none':
        if (isQuarantined) return 'quarantined';
        return this.#queue.length > 0 ? 'restarting' : 'stopped';
    }
  }

  #assertTakes(op: string, { signal, app = '' }: WorkerCallOptions<unknown>): void {
    if (this.#isClosed) throw closedError();
    if (signal?.aborted === true) throw cancelledError();
    const quarantine = this.#crashes.refusal({ app, op });
    if (quarantine !== undefined) throw crashLoopError(quarantine);
    this.#assertRoom(app);
  }

  #assertRoom(app: string): void {
    const { maxConcurrent, maxQueued, maxQueuedPerApp = maxQueued } = this.#spec;
    const queued = this.#queue.length;
    const free = this.#running.freePlaces;
    const isAppFull = this.#queue.lengthOf(app) >= maxQueuedPerApp + free;
    if (!isAppFull && queued < maxQueued + free) return;
    // A full line moves when its app's turn comes, a full queue with whoever's.
    const turns = isAppFull ? this.#queue.waitingApps : 1;
    const retryAfterMs = this.#pace.retryAfterMs(maxConcurrent, turns);
    throw busyError({ retryAfterMs, queuePosition: queued + 1 });
  }

  /** Moves everything on that can move. Called after every change. */
  #pump(): void {
    if (this.#isClosed) return;
    const process = this.#life.ready;
    if (process !== undefined) this.#dispatchAll(process);
    else if (this.#queue.length > 0) this.#life.start(this.#crashes.delayMs());
    this.#life.setBusy(this.#isBusy);
    this.#notice.update();
  }

  #dispatchAll(process: WorkerProcess): void {
    while (this.#queue.length > 0) {
      const call = this.#queue.shift(this.#running.admission());
      if (call === undefined) return;
      try {
        process.call(call.id, call.op, call.params);
      } catch (error) {
        this.#queue.settle(call, 0);
        call.reject(error);
        continue;
      }
      this.#running.add(call);
      call.begin();
    }
  }

  #started(): void {
    const { kind, model } = this.#spec;
    const { pid, device } = this.#life.status();
    const name = device === undefined ? '' : describeDevice(device);
    this.#dependencies.log.info('worker.ready', { kind, model, workerPid: pid, device: name });
    this.#pump();
  }

  #receive(message: CallMessage): void {
    const call = this.#running.get(message.id);
    if (call === undefined) return;
    if (message.type === 'chunk') call.chunk(message.chunk);
    else if (message.type === 'progress') call.progress(message.progress);
    else {
      this.#release(call);
      if (message.type === 'result') this.#finish(call, message.result);
      else this.#ended.fail(call, fromWorkerError(message.error));
      this.#pump();
    }
  }

  #finish(call: PendingCall, result: unknown): void {
    const cost = call.costOf(result) ?? call.cost;
    this.#crashes.succeeded(call);
    this.#queue.settle(call, cost);
    this.#pace.record({ cost, durationMs: call.runningMs });
    call.resolve(result);
  }

  #release(call: PendingCall): void {
    clearTimeout(this.#graceTimers.get(call.id));
    this.#graceTimers.delete(call.id);
    this.#running.delete(call);
  }

  /** Answers at once; the operation itself is then cancelled, and killed if it does not listen. */
  #interrupt(call: PendingCall, error: unknown): void {
    call.reject(error);
    this.#queue.remove(call);
    if (this.#running.has(call)) this.#stopOperation(call);
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
    const running = this.#running.all();
    for (const call of running) this.#release(call);
    this.#ended.processEnded(running, exit);
    this.#pump();
  }
}
