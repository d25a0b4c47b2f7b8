import type { DecodeContext } from './decode-context.ts';
import { chooseParked } from './park.ts';
import { cancelledError, type Run, settleRun } from './run.ts';
import { createSequencePool, type SequencePool } from './sequence-pool.ts';

/** Which texts have a sequence of the context, and which wait for one. */
export class Seats {
  readonly #pool: SequencePool;
  /** In the order in which they came, or came back. */
  readonly #waiting: Run[] = [];
  readonly #seated = new Set<Run>();
  #forgotten: string[] = [];
  #haveChanged = false;

  constructor(context: DecodeContext) {
    this.#pool = createSequencePool(context);
  }

  get seated(): ReadonlySet<Run> {
    return this.#seated;
  }

  /** Those with a seat, and those without. */
  get all(): readonly Run[] {
    return [...this.#seated, ...this.#waiting];
  }

  /** The text gets a seat in one of the next changes. */
  wait(run: Run): void {
    this.#waiting.push(run);
  }

  /**
   * What the session left is emptied in the next change. Texts of it that are still here end: one that had to make
   * room would leave its state anew.
   */
  forget(session: string): void {
    for (const run of this.all) {
      if (run.request.caller.session === session) settleRun(run, cancelledError());
    }
    this.#forgotten.push(session);
  }

  /**
   * Between two decodes: who is done leaves, sessions that are over are forgotten, and who waits comes. Says whether
   * anybody came or left.
   */
  change(): boolean {
    for (const run of this.#seated) if (run.isSettled) this.#leave(run);
    for (const session of this.#forgotten.splice(0)) this.#pool.forget(session);
    if (!this.#haveChanged && this.#waiting.length === 0) return false;
    for (const run of [...this.#waiting]) {
      if (run.isSettled || this.#trySeat(run)) {
        this.#waiting.splice(this.#waiting.indexOf(run), 1);
      }
    }
    this.#haveChanged = false;
    return true;
  }

  /** The text loses its seat, with everything in it: nobody knows what the engine made of it. */
  discard(run: Run): void {
    this.#seated.delete(run);
    if (run.seat !== undefined) this.#pool.discard(run.seat);
    run.seat = undefined;
  }

  /** Tokens that a sequence holds now. */
  lengthOf(sequence: number): number {
    return this.#pool.lengthOf(sequence);
  }

  /** Where no seat is free, somebody who holds several gives one back and waits again. */
  #trySeat(run: Run): boolean {
    const { owner, session } = run.request.caller;
    // Of a text whose likelihood is asked for, the part in question must be read anew.
    const tokens = 'target' in run.request ? run.request.prompt : run.tokens;
    const promptLength = Math.min(run.promptLength, tokens.length);
    const claim = { owner, session, tokens, promptLength };
    let seat = this.#pool.take(claim);
    if (seat === undefined) {
      const parked = chooseParked(this.#seated, run);
      if (parked === undefined) return false;
      this.#leave(parked);
      this.#waiting.push(parked);
      seat = this.#pool.take(claim);
    }
    if (seat === undefined) return false;
    run.seat = seat;
    run.cachedTokens ??= seat.tokens.length;
    this.#seated.add(run);
    return true;
  }

  /** What was read stays, for the owner's next text. */
  #leave(run: Run): void {
    this.#haveChanged = true;
    this.#seated.delete(run);
    if (run.seat !== undefined) this.#pool.release(run.seat, run.promptLength);
    run.seat = undefined;
  }
}
