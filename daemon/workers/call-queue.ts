import type { PendingCall } from './pending-call.ts';

interface Place {
  readonly call: PendingCall;
  readonly turn: number;
}

/**
 * Calls that wait for one worker, in the order they will run: interactive before background, and within
 * each the apps take turns, so that whoever asks for much waits behind those who ask for little.
 */
export class CallQueue {
  #places: Place[] = [];
  #currentTurn = 0;
  /** The last turn each app has taken, where it still delays its next one. */
  readonly #taken = new Map<string, number>();

  get length(): number {
    return this.#places.length;
  }

  /** In the order they will run, as things stand. */
  calls(): PendingCall[] {
    return this.#places.map(({ call }) => call);
  }

  push(call: PendingCall): void {
    const turn = this.#nextTurn(call);
    const isBefore = (place: Place): boolean =>
      place.call.isBackground === call.isBackground ? place.turn <= turn : !place.call.isBackground;
    this.#places.splice(this.#places.findLastIndex(isBefore) + 1, 0, { call, turn });
  }

  shift(): PendingCall | undefined {
    const place = this.#places.shift();
    if (place === undefined) return undefined;
    const { call, turn } = place;
    this.#currentTurn = Math.max(this.#currentTurn, turn);
    this.#taken.set(call.app, turn);
    for (const [app, taken] of this.#taken) if (taken < this.#currentTurn) this.#taken.delete(app);
    return call;
  }

  /** Puts calls that had begun back to the front. */
  restore(calls: readonly PendingCall[]): void {
    this.#places.unshift(...calls.map((call) => ({ call, turn: -Infinity })));
  }

  remove(call: PendingCall): void {
    this.#places = this.#places.filter((place) => place.call !== call);
  }

  /** Empties the queue. */
  takeAll(): PendingCall[] {
    const calls = this.calls();
    this.#places = [];
    return calls;
  }

  /** One turn after the app's own last one, but never one that has passed already. */
  #nextTurn({ app, isBackground }: PendingCall): number {
    const own = this.#places
      .filter(({ call }) => call.app === app && call.isBackground === isBackground)
      .map(({ turn }) => turn);
    return Math.max(this.#currentTurn, (this.#taken.get(app) ?? -1) + 1, ...own.map((t) => t + 1));
  }
}
