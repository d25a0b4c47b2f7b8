import type { RpcError } from '@locara/protocol';
import type { Log } from '../../log.ts';
import { busyError, cancelledError, neverFitsError, noRoomError } from './memory-errors.ts';

/** One model's worker, as far as memory is concerned. */
export interface Resident {
  readonly model: string;
  /** What it takes by its estimate; counted from its admission until its process is gone. */
  readonly bytes: number;
  /** No call runs or waits. */
  isIdle(): boolean;
  /** Its memory is promised but perhaps not taken yet. */
  isStarting(): boolean;
  /** Somebody asked to keep it: it goes last. */
  isLeased(): boolean;
  lastUsedAt(): number;
  /** False when a call came in between. */
  stopIfIdle(): Promise<boolean>;
}

export interface AdmissionOptions {
  /** What all models together may take. */
  readonly limitBytes: number;
  /** What stays free for everyone else. */
  readonly reserveBytes: number;
  readonly availableBytes: () => number;
  /** How long a model waits for busy ones to become idle. */
  readonly waitMs: number;
  readonly log: Log;
}

/** Who may take memory for a model, and who has to give it back for that. */
export interface Admission {
  /**
   * Resolves once there is room, which is then taken. Idle models are unloaded for it, the least recently used first,
   * leased ones last, busy ones never. Throws InsufficientResources (it fits never, or not beside other programs),
   * Busy (busy models did not become idle in time), Cancelled.
   */
  admit(resident: Resident, signal: AbortSignal): Promise<void>;
  /** Its process is gone. */
  left(resident: Resident): void;
  /** A call has ended: whoever waits looks again. */
  changed(): void;
  /** Unloads what is idle, least recently used first: `one`, of those without a lease, or `all`. */
  unloadIdle(which: 'one' | 'all'): readonly Resident[];
  heldBytes(): number;
  /** What a model could take now with no other unloaded. */
  freeBytes(): number;
  residents(): readonly Resident[];
}

interface Waiter {
  readonly resident: Resident;
  readonly settle: (error?: RpcError) => void;
}

/** Free memory changes without a word. */
const LOOK_AGAIN_MS = 250;

export function createAdmission(options: AdmissionOptions): Admission {
  return new MemoryAdmission(options);
}

class MemoryAdmission implements Admission {
  readonly #options: AdmissionOptions;
  readonly #held = new Set<Resident>();
  readonly #leaving = new Set<Resident>();
  readonly #waiting: Waiter[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  async admit(resident: Resident, signal: AbortSignal): Promise<void> {
    const { limitBytes, waitMs } = this.#options;
    if (signal.aborted) throw cancelledError();
    if (resident.bytes > limitBytes) throw this.#refuse(neverFitsError(this.#numbersOf(resident)));
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const waiter: Waiter = {
      resident,
      settle: (error) => {
        const at = this.#waiting.indexOf(waiter);
        if (at !== -1) this.#waiting.splice(at, 1);
        if (error === undefined) resolve(undefined);
        else reject(error);
      },
    };
    const onAbort = (): void => {
      waiter.settle(cancelledError());
    };
    const deadline = setTimeout(() => {
      waiter.settle(this.#refuse(busyError(this.#numbersOf(resident))));
    }, waitMs);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiting.push(waiter);
    this.changed();
    try {
      await promise;
    } finally {
      clearTimeout(deadline);
      signal.removeEventListener('abort', onAbort);
      this.changed();
    }
  }

  left(resident: Resident): void {
    this.#held.delete(resident);
    this.#leaving.delete(resident);
    this.changed();
  }

  /** Serves those who wait, in order. What one is about to get is no longer there for the next. */
  changed(): void {
    clearTimeout(this.#timer);
    let claimed = 0;
    for (const waiter of [...this.#waiting]) {
      if (this.#serve(waiter, claimed) === 'waits') claimed += waiter.resident.bytes;
    }
    if (this.#waiting.length === 0) return;
    this.#timer = setTimeout(() => {
      this.changed();
    }, LOOK_AGAIN_MS);
  }

  unloadIdle(which: 'one' | 'all'): readonly Resident[] {
    const idle = this.#idle().filter((resident) => which === 'all' || !resident.isLeased());
    const chosen = which === 'all' ? idle : idle.slice(0, 1);
    for (const resident of chosen) this.#unload(resident);
    return chosen;
  }

  heldBytes(): number {
    return sumBytes([...this.#held]);
  }

  residents(): readonly Resident[] {
    return [...this.#held];
  }

  /** `waits`: for memory that is on its way to it. `queues`: for a busy model, without a claim on anything. */
  #serve(waiter: Waiter, claimed: number): 'settled' | 'waits' | 'queues' {
    const { resident } = waiter;
    const missing = resident.bytes + claimed - this.freeBytes();
    if (missing <= 0) {
      this.#held.add(resident);
      waiter.settle();
      return 'settled';
    }
    const leaving = sumBytes([...this.#leaving]);
    if (missing <= leaving) return 'waits';
    const idle = this.#idle();
    if (missing <= leaving + sumBytes(idle)) {
      this.#unloadUntil(idle, missing - leaving);
      return 'waits';
    }
    const others = claimed + sumBytes([...this.#held]);
    if (missing <= others) return 'queues';
    waiter.settle(this.#refuse(noRoomError(this.#numbersOf(resident))));
    return 'settled';
  }

  /** Room under the limit, or in the machine where that is less. Promised memory is missing there already. */
  freeBytes(): number {
    const { limitBytes, reserveBytes, availableBytes } = this.#options;
    const starting = [...this.#held].filter((resident) => resident.isStarting());
    const inMachine = availableBytes() - reserveBytes - sumBytes(starting);
    return Math.max(0, Math.min(limitBytes - this.heldBytes(), inMachine));
  }

  /** In the order in which they go. */
  #idle(): Resident[] {
    return [...this.#held]
      .filter((resident) => resident.isIdle() && !this.#leaving.has(resident))
      .sort(
        (a, b) => Number(a.isLeased()) - Number(b.isLeased()) || a.lastUsedAt() - b.lastUsedAt(),
      );
  }

  #unloadUntil(idle: readonly Resident[], neededBytes: number): void {
    let freed = 0;
    for (const resident of idle) {
      if (freed >= neededBytes) return;
      freed += resident.bytes;
      this.#unload(resident);
    }
  }

  #unload(resident: Resident): void {
    const { model, bytes } = resident;
    this.#leaving.add(resident);
    this.#options.log.info('model.unloading', { model, bytes, ...this.#numbers() });
    const settle = (isGone: boolean): void => {
      this.#leaving.delete(resident);
      // One that stays is looked at again with the next change: asking at once could go on for ever.
      if (isGone) this.changed();
    };
    resident.stopIfIdle().then(settle, () => {
      settle(false);
    });
  }

  #numbers() {
    const { limitBytes } = this.#options;
    return { limitBytes, heldBytes: this.heldBytes(), availableBytes: this.freeBytes() };
  }

  #numbersOf({ model, bytes }: Resident) {
    return { model, neededBytes: bytes, ...this.#numbers() };
  }

  #refuse(error: RpcError): RpcError {
    const { model, neededBytes } = error.details ?? {};
    this.#options.log.warn('model.noRoom', {
      model: String(model),
      bytes: Number(neededBytes),
      reason: error.reason,
      ...this.#numbers(),
    });
    return error;
  }
}

function sumBytes(residents: readonly Resident[]): number {
  return residents.reduce((sum, { bytes }) => sum + bytes, 0);
}
