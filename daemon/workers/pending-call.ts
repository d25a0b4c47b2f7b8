import { PROGRESS_STAGES, RpcError, type Progress } from '@locara/protocol';
import { cancelledError } from './worker-error.ts';
import type { WorkerCallOptions } from './worker.ts';

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
  readonly answer: Promise<unknown>;
  /** How often it was run again because its process had to be killed for another call. */
  reruns = 0;
  #isSettled = false;
  #chunks = 0;
  #furthestStage = 0;
  #waitingFor: Progress | undefined;
  #timer: NodeJS.Timeout | undefined;
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
    this.#request = request;
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

  /** Starts the deadline, or starts it again: waiting in the queue does not count. */
  begin(): void {
    clearTimeout(this.#timer);
    const { timeoutMs } = this.#request.options;
    if (timeoutMs === undefined) return;
    this.#timer = setTimeout(() => {
      const details = { timeoutMs };
      this.#interrupt(new RpcError('Timeout', `Not done in ${timeoutMs} ms.`, { details }));
    }, timeoutMs).unref();
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
    this.#request.options.signal?.removeEventListener('abort', this.#onAbort);
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
