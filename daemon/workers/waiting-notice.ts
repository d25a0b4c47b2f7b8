import type { CallQueue } from './call-queue.ts';

/** As often as progress reaches an app at most. */
const INTERVAL_MS = 100;

/** Tells every waiting call where it stands, a few times a second however often the queue changes. */
export class WaitingNotice {
  readonly #queue: CallQueue;
  /** How many calls wait for the process alone, which is being loaded, and not for others. */
  readonly #loadingPlaces: () => number;
  #timer: NodeJS.Timeout | undefined;
  #isStale = false;

  constructor(queue: CallQueue, loadingPlaces: () => number) {
    this.#queue = queue;
    this.#loadingPlaces = loadingPlaces;
  }

  /** At once, unless that was just done; then soon. */
  update(): void {
    this.#isStale = this.#queue.length > 0;
    if (this.#timer === undefined) this.#tell();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    if (!this.#isStale) return;
    this.#isStale = false;
    this.#timer = setTimeout(() => {
      this.#tell();
    }, INTERVAL_MS).unref();
    const places = this.#loadingPlaces();
    for (const [index, call] of this.#queue.inOrder().entries()) {
      if (index < places) call.wait({ stage: 'loading' });
      else call.wait({ stage: 'queued', queuePosition: index + 1 });
    }
  }
}
