import { RpcError } from '@locara/protocol';
import type { WorkerDependencies } from '../../workers/worker-dependencies.ts';
import type { Worker, WorkerSpec } from '../../workers/worker.ts';
import type { ProcessHooks } from './process-hooks.ts';

/** What the processes of a worker must tell for them to be counted. */
export type CountingHooks = Required<Pick<WorkerDependencies, 'beforeStart' | 'onExit'>>;

export interface LimitedProcessesOptions<Ops> {
  /** How many store processes there may be at once. */
  readonly maxOpen: number;
  /** How long a newcomer waits for another store to become idle. */
  readonly waitMs?: number;
  readonly createWorker: (spec: WorkerSpec, hooks: CountingHooks) => Worker<Ops>;
}

/**
 * Creates workers of which only so many have a process at once. For a newcomer the one that has been idle longest
 * ends; while all are busy it waits for the first that is not, and answers Busy when none has become idle in time.
 */
export function createLimitedProcesses<Ops>(
  options: LimitedProcessesOptions<Ops>,
): (spec: WorkerSpec, hooks?: Partial<ProcessHooks>) => Worker<Ops> {
  const places = new Places(options);
  return (spec, hooks = {}) => places.createWorker(spec, hooks);
}

const WAIT_MS = 10_000;
const RETRY_AFTER_MS = 1000;

interface Newcomer {
  readonly enter: () => void;
  readonly refuse: (error: RpcError) => void;
}

class Places<Ops> {
  readonly #options: LimitedProcessesOptions<Ops>;
  readonly #workers = new Set<Worker<Ops>>();
  /** Asked to end, and not gone yet. */
  readonly #leaving = new Set<Worker<Ops>>();
  readonly #newcomers = new Set<Newcomer>();
  #open = 0;

  constructor(options: LimitedProcessesOptions<Ops>) {
    this.#options = options;
  }

  createWorker(spec: WorkerSpec, hooks: Partial<ProcessHooks>): Worker<Ops> {
    const inner = this.#options.createWorker(spec, {
      ...hooks,
      beforeStart: (signal) => this.#enter(signal),
      onExit: (exit) => {
        hooks.onExit?.(exit);
        this.#open -= 1;
        this.#settle();
      },
    });
    const settle = (): void => {
      this.#settle();
    };
    const worker: Worker<Ops> = {
      ...inner,
      call: (op, params, options) => {
        const answer = inner.call(op, params, options);
        // A worker that has answered may be idle, which is what newcomers wait for.
        answer.then(settle, settle);
        return answer;
      },
      close: () => {
        this.#workers.delete(worker);
        return inner.close();
      },
    };
    this.#workers.add(worker);
    return worker;
  }

  #enter(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const leave = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abandon);
      this.#newcomers.delete(newcomer);
    };
    const newcomer: Newcomer = {
      enter: () => {
        leave();
        resolve(undefined);
      },
      refuse: (error) => {
        leave();
        reject(error);
      },
    };
    const abandon = (): void => {
      newcomer.refuse(new RpcError('Cancelled', 'Nobody waits for this store any more.'));
    };
    const timer = setTimeout(() => {
      newcomer.refuse(allBusy());
    }, this.#options.waitMs ?? WAIT_MS).unref();
    signal.addEventListener('abort', abandon, { once: true });
    this.#newcomers.add(newcomer);
    this.#settle();
    return promise;
  }

  /** Lets in whom there is room for, and makes room for the others. Called after every change. */
  #settle(): void {
    for (const newcomer of this.#newcomers) {
      if (this.#open >= this.#options.maxOpen) break;
      this.#open += 1;
      newcomer.enter();
    }
    const lacking = this.#newcomers.size - this.#leaving.size;
    if (lacking > 0) for (const worker of this.#longestIdle(lacking)) this.#end(worker);
  }

  #longestIdle(count: number): Worker<Ops>[] {
    return [...this.#workers]
      .filter((worker) => !this.#leaving.has(worker))
      .map((worker) => ({ worker, status: worker.status() }))
      .filter(({ status }) => status.state === 'ready' && status.pid !== 0)
      .toSorted((one, other) => other.status.idleForMs - one.status.idleForMs)
      .slice(0, count)
      .map(({ worker }) => worker);
  }

  #end(worker: Worker<Ops>): void {
    this.#leaving.add(worker);
    const left = (): void => {
      this.#leaving.delete(worker);
      this.#settle();
    };
    void worker.stopIfIdle().then(left, left);
  }
}

function allBusy(): RpcError {
  return new RpcError('Busy', 'Too many stores are in use at once.', {
    details: { retryAfterMs: RETRY_AFTER_MS },
  });
}
