import type { PendingCall } from './pending-call.ts';

/** What every waiting app is granted in a round, in the unit of the calls' cost: the finest there is. */
export const QUANTUM = 1;

interface Account {
  /** What the app may still use; it may begin a call while this is positive, and owes what the call takes beyond it. */
  deficit: number;
  /** The round up to which it has been granted its quanta. */
  round: number;
}

/** The waiting calls of one app, first come first served. */
interface Line {
  readonly calls: Set<PendingCall>;
  readonly account: Account;
}

/**
 * Calls that wait, a line per app, served by deficit round robin: in every round each waiting app is granted one
 * quantum, and whoever is in credit may begin a call, which its cost then puts into debt. So what equal apps are
 * served differs by no more than a quantum and their dearest call. Rounds in which nobody could begin pass at once.
 */
export class FairRing {
  /** In the order of the ring: an app comes in last. */
  readonly #lines = new Map<string, Line>();
  /** Debts outlive a line, for an app that asks call by call; they end when nothing waits or runs. */
  readonly #accounts = new Map<string, Account>();
  #round = 0;
  #length = 0;
  #begun = 0;

  get length(): number {
    return this.#length;
  }

  lengthOf(app: string): number {
    return this.#lines.get(app)?.calls.size ?? 0;
  }

  apps(): IterableIterator<string> {
    return this.#lines.keys();
  }

  push(call: PendingCall): void {
    this.#length += 1;
    const line = this.#lines.get(call.app);
    if (line !== undefined) line.calls.add(call);
    else {
      const account = this.#enter(call.app);
      this.#lines.set(call.app, { calls: new Set([call]), account });
    }
  }

  /** Takes the call whose turn it is among the apps that may have one. */
  shift(mayBegin: (app: string) => boolean): PendingCall | undefined {
    let soonest: { line: Line; rounds: number } | undefined;
    for (const [app, line] of this.#lines) {
      if (!mayBegin(app)) continue;
      const rounds = roundsUntilCredit(this.#deficitOf(line));
      if (rounds < (soonest?.rounds ?? Infinity)) soonest = { line, rounds };
      if (rounds === 0) break;
    }
    const [call] = soonest?.line.calls ?? [];
    if (soonest === undefined || call === undefined) return undefined;
    this.#round += soonest.rounds;
    soonest.line.account.deficit -= call.cost;
    this.#begun += 1;
    this.remove(call);
    return call;
  }

  remove(call: PendingCall): void {
    const line = this.#lines.get(call.app);
    if (line?.calls.delete(call) !== true) return;
    this.#length -= 1;
    if (line.calls.size > 0) return;
    // Credit is for those who wait; it cannot be saved up.
    line.account.deficit = Math.min(0, this.#deficitOf(line));
    line.account.round = this.#round;
    this.#lines.delete(call.app);
    this.#forgetWhenIdle();
  }

  /** Mends what a begun call was charged, now that it has ended. */
  settle(call: PendingCall, cost: number): void {
    const account = this.#accounts.get(call.app);
    if (account !== undefined) account.deficit += call.cost - cost;
    this.#begun -= 1;
    this.#forgetWhenIdle();
  }

  /** Every call that waits, as they would be served if none came, ended or was held back. */
  inOrder(): PendingCall[] {
    const turns: { call: PendingCall; rounds: number }[] = [];
    for (const line of this.#lines.values()) {
      let deficit = this.#deficitOf(line);
      for (const call of line.calls) {
        turns.push({ call, rounds: roundsUntilCredit(deficit) });
        deficit -= call.cost;
      }
    }
    // Within a round the ring decides: the sort is stable.
    return turns.sort((a, b) => a.rounds - b.rounds).map(({ call }) => call);
  }

  #deficitOf({ account }: Line): number {
    return account.deficit + (this.#round - account.round) * QUANTUM;
  }

  /** The account of an app that begins to wait: old debts shrink by the rounds that passed, no credit grew. */
  #enter(app: string): Account {
    let account = this.#accounts.get(app);
    if (account === undefined) {
      account = { deficit: QUANTUM, round: this.#round };
      this.#accounts.set(app, account);
      return account;
    }
    const grown = account.deficit + (this.#round - account.round) * QUANTUM;
    account.deficit = Math.max(account.deficit, Math.min(QUANTUM, grown));
    account.round = this.#round;
    return account;
  }

  #forgetWhenIdle(): void {
    if (this.#length + this.#begun > 0) return;
    this.#accounts.clear();
    this.#round = 0;
  }
}

function roundsUntilCredit(deficit: number): number {
  return deficit > 0 ? 0 : Math.floor(-deficit / QUANTUM) + 1;
}
