import type { MayBegin } from './call-queue.ts';
import type { PendingCall } from './pending-call.ts';

/** How many calls a process is given at once. */
export interface Places {
  readonly maxConcurrent: number;
  readonly maxOvercommit: number;
}

interface AppShare {
  interactive: number;
  background: number;
}

/** The calls that a process works on, and the rule by which another may join them. */
export class RunningCalls {
  readonly #places: Places;
  readonly #calls = new Map<number, PendingCall>();

  constructor(places: Places) {
    this.#places = places;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Places that any call may take. */
  get freePlaces(): number {
    return Math.max(0, this.#places.maxConcurrent - this.size);
  }

  add(call: PendingCall): void {
    this.#calls.set(call.id, call);
  }

  get(id: number): PendingCall | undefined {
    return this.#calls.get(id);
  }

  has(call: PendingCall): boolean {
    return this.#calls.has(call.id);
  }

  delete(call: PendingCall): void {
    this.#calls.delete(call.id);
  }

  all(): PendingCall[] {
    return [...this.#calls.values()];
  }

  /**
   * Who may begin now, as things stand. Background calls leave one place to the interactive ones. When all places are
   * taken, a newcomer may still share them: an app that has none beside one that has several of the class, or an
   * interactive call, the only one of its app, beside a background one.
   */
  admission(): MayBegin {
    const { maxConcurrent, maxOvercommit } = this.#places;
    if (this.size >= maxConcurrent + maxOvercommit) return () => false;
    const shares = this.#shares();
    const count = (key: keyof AppShare): number =>
      [...shares.values()].reduce((sum, share) => sum + share[key], 0);
    const background = count('background');
    const hasBackgroundPlace = background < Math.max(1, maxConcurrent - 1);
    if (this.size < maxConcurrent)
      return (_app, isBackground) => !isBackground || hasBackgroundPlace;
    const sharers = [...shares.values()];
    const isShared = sharers.some((share) => share.interactive + share.background > 1);
    const isBackgroundShared = hasBackgroundPlace && sharers.some((share) => share.background > 1);
    return (app, isBackground) => {
      const share = shares.get(app);
      if (isBackground) return share === undefined && isBackgroundShared;
      return (share === undefined && isShared) || (!share?.interactive && background > 0);
    };
  }

  #shares(): Map<string, AppShare> {
    const shares = new Map<string, AppShare>();
    for (const { app, isBackground } of this.#calls.values()) {
      const share = shares.get(app) ?? { interactive: 0, background: 0 };
      share[isBackground ? 'background' : 'interactive'] += 1;
      shares.set(app, share);
    }
    return shares;
  }
}
