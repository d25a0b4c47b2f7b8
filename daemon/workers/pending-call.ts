import { PROGRESS_STAGES, RpcError, type Progress } from '@locara/protocol';
import { cancelledError } from './worker-error.ts';
import type { WorkerCallOptions } from './worker.ts';

/** Costs are clamped to it: sums of many stay exact. */
const MAX_COST = 1e9;
/** The longest a timer can wait. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export interface CallRequest {
  readonly id: number;
  readonly op: string;
  readonly params: unknown;
  readonly options: WorkerCallOptions<unknown>;
  /** Called when the caller cancelled, the time is up, or a listener of the caller threw. */
  readonly onInterrupt: (call: PendingCall, error: unknown) => void;
}

/** A call from its arrival to its answer. Whatever comes after the answer is dropped. */
export class PendingCall {
  readonly id: number;
  readonly op: string;
  readonly params: unknown;
  readonly app: string;
  readonly isBackground: boolean;
  /** As guessed on arrival; at least 1. */
  readonly cost: number;
  readonly answer: Promise<unknown>;
  /** How often it was run again because its process had to be killed for another call. */
  reruns = 0;
  #isSettled = false;
  #chunks = 0;
  #furthestStage = 0;
  #waitingFor: Progress | undefined;
  #beganAt = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #deadlineTimer: NodeJS.Timeout | undefined;
  readonly #request: CallRequest;
  readonly #settlers: PromiseWithResolvers<unknown>;
  readonly #onAbort = (): void => {
    this.#interrupt(cancelledError());
  };

  constructor(request: CallRequest) {
    this.id = request.id;
    this.op = request.op;
    this.params = request.params;
    this.app = request.options.app ?? '';
    this.isBackground = request.options.priority === 'background';
    this.cost = toCost(request.options.cost, 1);
    this.#request = request;
    this.#deadlineTimer = this.#interruptAfter(request.options.deadlineMs);
    this.#settlers = Promise.withResolvers<unknown>();
    this.answer = this.#settlers.promise;
    request.options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  get hasSentChunk(): boolean {
    return this.#chunks > 0;
  }

  /** Whether the caller knows that it waits. */
  get isTold(): boolean {
    return this.#waitingFor !== undefined;
  }

  /** Since it began, the last time it did. */
  get runningMs(): number {
    return performance.now() - this.#beganAt;
  }

  /** What it took, as its result tells; undefined where nothing does. */
  costOf(result: unknown): number | undefined {
    try {
      const cost = this.#request.options.costOf?.(result);
      return cost === undefined ? undefined : toCost(cost, this.cost);
    } catch {
      // The result is as a worker sent it, who may send anything.
      return undefined;
    }
  }

  /** Starts the operation's own deadline, or starts it again: waiting in the queue does not count. */
  begin(): void {
    this.#beganAt = performance.now();
    clearTimeout(this.#timer);
    this.#timer = this.#interruptAfter(this.#request.options.timeoutMs);
  }

  /** Stops the deadline of a call that goes back to the queue. */
  suspend(): void {
    clearTimeout(this.#timer);
  }

  chunk(chunk: unknown): void {
    this.#chunks += 1;
    this.#tell(() => this.#request.options.onChunk?.(chunk));
  }

  /** Tells what the call waits for, once per change. */
  wait(progress: Progress): void {
    const last = this.#waitingFor;
    if (last?.stage === progress.stage && last.queuePosition === progress.queuePosition) return;
    this.#waitingFor = progress;
    this.progress(progress);
  }

  progress(progress: Progress): void {
    const stage = PROGRESS_STAGES.indexOf(progress.stage);
    // A call that is run again has been further already.
    if (stage < this.#furthestStage) return;
    this.#furthestStage = stage;
    this.#tell(() => this.#request.options.onProgress?.(progress));
  }

  resolve(result: unknown): void {
    this.#settle();
    this.#settlers.resolve(result);
  }

  reject(error: unknown): void {
    this.#settle();
    this.#settlers.reject(error);
  }

  #settle(): void {
    this.#isSettled = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#deadlineTimer);
    this.#request.options.signal?.removeEventListener('abort', this.#onAbort);
  }

  #interruptAfter(timeoutMs: number | undefined): NodeJS.Timeout | undefined {
    if (timeoutMs === undefined) return undefined;
    const interrupt = (): void => {
      const details = { timeoutMs };
      this.#interrupt(new RpcError('Timeout', `Not done in ${timeoutMs} ms.`, { details }));
    };
    return setTimeout(interrupt, Math.min(MAX_DELAY_MS, timeoutMs)).unref();
  }

  #interrupt(error: unknown): void {
    this.#request.onInterrupt(this, error);
  }

  #tell(listener: () => void): void {
    if (this.#isSettled) return;
    try {
      listener();
    } catch (error) {
      this.#interrupt(error);
    }
  }
}

function toCost(cost: number | undefined, otherwise: number): number {
  return cost === undefined || Number.isNaN(cost)
    ? otherwise
    : Math.min(MAX_COST, Math.max(1, cost));
}
