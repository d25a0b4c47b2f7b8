import type { ChildProcess } from 'node:child_process';
import { PROGRESS_STAGES } from '@locara/protocol';
import { type EngineDevice, isEngineDevice } from './device.ts';
import { launchWorker } from './launch.ts';
import type { FromWorker, ToWorker, WorkerError } from './messages.ts';

/** Why a process is gone. */
export type ProcessEnd =
  | { readonly cause: 'unsealed'; readonly message: string }
  | { readonly cause: 'failed'; readonly error: WorkerError }
  | { readonly cause: 'start-timeout' }
  /** Ended by the daemon: idle, closing, or a call that had to be killed. */
  | { readonly cause: 'ended' }
  | { readonly cause: 'crashed' };

/** How a process ended. */
export interface ProcessExit {
  readonly pid: number;
  readonly end: ProcessEnd;
  readonly wasReady: boolean;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type CallMessage = Extract<FromWorker, { readonly id: number }>;

export interface ProcessSpec {
  readonly entry: URL;
  readonly start: unknown;
  readonly writableFolders: readonly string[];
  readonly confinesReads?: boolean | undefined;
  readonly maxHeapMib?: number;
  readonly startTimeoutMs: number;
  readonly onReady: (device: EngineDevice) => void;
  /** What it runs on has changed. */
  readonly onDevice?: (device: EngineDevice) => void;
  readonly onMessage: (message: CallMessage) => void;
  /** Called once, after which the process does nothing any more. */
  readonly onExit: (exit: ProcessExit) => void;
}

const STOP_GRACE_MS = 2000;

/** One life of a worker, from fork to exit. */
export class WorkerProcess {
  readonly #spec: ProcessSpec;
  readonly #child: ChildProcess;
  readonly #gone = Promise.withResolvers<undefined>();
  readonly #startTimer: NodeJS.Timeout;
  #wasReady = false;
  #isGone = false;
  #end: ProcessEnd = { cause: 'crashed' };
  #isEnding = false;

  constructor(spec: ProcessSpec) {
    this.#spec = spec;
    this.#child = launchWorker(spec);
    this.#startTimer = setTimeout(() => {
      this.#kill({ cause: 'start-timeout' });
    }, spec.startTimeoutMs).unref();
    this.#child.on('message', (message) => {
      if (!this.#isGone && isFromWorker(message)) this.#receive(message);
    });
    this.#child.on('exit', (code, signal) => {
      this.#leave(code, signal);
    });
    this.#child.on('error', () => {
      // Without a pid it never started, and there will be no exit.
      if (this.#child.pid === undefined) this.#leave(null, null);
    });
    this.#child.on('disconnect', () => {
      this.#child.kill('SIGKILL');
    });
  }

  /** 0 when it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Whether it takes calls: loaded, and not on its way out. */
  get isReady(): boolean {
    return this.#wasReady && !this.#isEnding;
  }

  /** On its way out, by the daemon's wish. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Throws when `params` cannot be cloned. */
  call(id: number, op: string, params: unknown): void {
    this.#send({ type: 'call', id, op, params });
  }

  cancel(id: number): void {
    this.#send({ type: 'cancel', id });
  }

  kill(): void {
    this.#kill({ cause: 'ended' });
  }

  /** SIGTERM, then SIGKILL; resolves once the process is gone. */
  async stop(): Promise<void> {
    if (!this.#isGone) {
      this.#isEnding = true;
      this.#end = { cause: 'ended' };
      this.setReferenced(true);
      this.#child.kill('SIGTERM');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_GRACE_MS);
      await this.#gone.promise;
      clearTimeout(timer);
    }
  }

  /** Whether this process keeps the daemon's event loop alive. */
  setReferenced(isReferenced: boolean): void {
    if (isReferenced) {
      this.#child.ref();
      this.#child.channel?.ref();
    } else {
      this.#child.unref();
      this.#child.channel?.unref();
    }
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'sealed':
        this.#send({ type: 'start', start: this.#spec.start });
        return;
      case 'ready':
        if (this.#wasReady) return;
        clearTimeout(this.#startTimer);
        this.#wasReady = true;
        this.#spec.onReady(message.device);
        return;
      case 'device':
        if (this.#wasReady) this.#spec.onDevice?.(message.device);
        return;
      case 'unsealed':
        this.#end = { cause: 'unsealed', message: message.message };
        return;
      case 'failed':
        this.#end = { cause: 'failed', error: message.error };
        return;
      case 'chunk':
      case 'progress':
      case 'result':
      case 'error':
        this.#spec.onMessage(message);
    }
  }

  /** A message to a process that is just dying is lost; its exit tells the rest. */
  #send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #kill(end: ProcessEnd): void {
    if (!this.#isEnding) this.#end = end;
    this.#isEnding = true;
    this.#child.kill('SIGKILL');
  }

  #leave(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearTimeout(this.#startTimer);
    this.#gone.resolve(undefined);
    this.#spec.onExit({
      pid: this.pid,
      end: this.#end,
      wasReady: this.#wasReady,
      code,
      signal,
    });
  }
}

const STAGES: ReadonlySet<unknown> = new Set(PROGRESS_STAGES);

/** A worker may have been taken over by what it decoded: nothing but the closed set of messages is heard. */
function isFromWorker(message: unknown): message is FromWorker {
  if (!isRecord(message)) return false;
  switch (message['type']) {
    case 'sealed':
    case 'failed':
      return true;
    case 'ready':
    case 'device':
      return isEngineDevice(message['device']);
    case 'unsealed':
      return typeof message['message'] === 'string';
    case 'chunk':
    case 'result':
    case 'error':
      return typeof message['id'] === 'number';
    case 'progress':
      return (
        typeof message['id'] === 'number' &&
        isRecord(message['progress']) &&
        STAGES.has(message['progress']['stage'])
      );
    default:
      return false;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
