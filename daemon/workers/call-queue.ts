import { FairRing } from './fair-ring.ts';
import type { PendingCall } from './pending-call.ts';

/** While both wait, one of this many calls that begin is a background one. */
export const BACKGROUND_EVERY = 8;

/** Whether a call of this app and class may begin now. */
export type MayBegin = (app: string, isBackground: boolean) => boolean;

/**
 * Calls that wait for one worker: interactive before background, save for every eighth, and within each class
 * equal shares for the apps that wait, however many calls each of them has.
 */
export class CallQueue {
  readonly #interactive = new FairRing();
  readonly #background = new FairRing();
  /** Had begun before: they go first. */
  readonly #restored: PendingCall[] = [];
  /** Interactive calls that went before waiting background ones, in a row. */
  #overtakes = 0;

  get length(): number {
    return this.#restored.length + this.#interactive.length + this.#background.length;
  }

  lengthOf(app: string): number {
    return this.#interactive.lengthOf(app) + this.#background.lengthOf(app);
  }

  /** Apps that have a call waiting. */
  get waitingApps(): number {
    return new Set([...this.#interactive.apps(), ...this.#background.apps()]).size;
  }

  push(call: PendingCall): void {
    this.#ringOf(call).push(call);
  }

  /** Takes the next call among those that may begin. */
  shift(mayBegin: MayBegin = () => true): PendingCall | undefined {
    const again = this.#restored.findIndex((call) => mayBegin(call.app, call.isBackground));
    if (again >= 0) return this.#restored.splice(again, 1)[0];
    const shiftBackground = () => this.#background.shift((app) => mayBegin(app, true));
    if (this.#isBackgroundsTurn) {
      const call = shiftBackground();
      if (call !== undefined) return this.#served(call);
    }
    const call = this.#interactive.shift((app) => mayBegin(app, false)) ?? shiftBackground();
    return call === undefined ? undefined : this.#served(call);
  }

  /** Puts calls that had begun back to the front. */
  restore(calls: readonly PendingCall[]): void {
    this.#restored.unshift(...calls);
  }

  remove(call: PendingCall): void {
    const restored = this.#restored.indexOf(call);
    if (restored < 0) this.#ringOf(call).remove(call);
    else {
      this.#restored.splice(restored, 1);
      this.settle(call, call.cost);
    }
  }

  /** Must follow once for every call that was taken and not put back, with what it took in truth. */
  settle(call: PendingCall, cost: number): void {
    this.#ringOf(call).settle(call, cost);
  }

  /** Every call that waits, in the order they will begin as things stand. */
  inOrder(): PendingCall[] {
    const interactive = this.#interactive.inOrder();
    const background = this.#background.inOrder();
    const order = [...this.#restored];
    let overtakes = this.#overtakes;
    let [nextInteractive, nextBackground] = [0, 0];
    for (;;) {
      const hurried = interactive[nextInteractive];
      const patient = background[nextBackground];
      if (patient !== undefined && (hurried === undefined || overtakes >= BACKGROUND_EVERY - 1)) {
        order.push(patient);
        nextBackground += 1;
        overtakes = 0;
      } else if (hurried !== undefined) {
        order.push(hurried);
        nextInteractive += 1;
        if (patient !== undefined) overtakes += 1;
      } else return order;
    }
  }

  /** Empties the queue. */
  takeAll(): PendingCall[] {
    const calls = this.inOrder();
    for (const call of calls) this.remove(call);
    return calls;
  }

  get #isBackgroundsTurn(): boolean {
    return this.#overtakes >= BACKGROUND_EVERY - 1;
  }

  #served(call: PendingCall): PendingCall {
    if (call.isBackground || this.#background.length === 0) this.#overtakes = 0;
    else this.#overtakes += 1;
    return call;
  }

  #ringOf({ isBackground }: PendingCall): FairRing {
    return isBackground ? this.#background : this.#interactive;
  }
}
