import { type AccountName, addSpending, NOTHING_SPENT, type Spending } from './account.ts';
import {
  LedgerDamaged,
  type LedgerRecord,
  type LedgerTerms,
  type OpenRecord,
  type SpendRecord,
} from './ledger-lines.ts';
import type { Limit } from './limit.ts';
import { toMicroUnits } from './micro-units.ts';
import type { NameSeal } from './name-seal.ts';

/** An allowance as it is held in memory: its name stays sealed. */
export interface Account {
  readonly number: number;
  readonly id: string;
  readonly name: string;
  /** Undefined for what nothing limits. */
  readonly limit: Limit | undefined;
  /** The number of the budget that limits it. */
  readonly of: number | undefined;
  spending: Spending;
}

/** What an account takes of memory, beside its name; measured, rounded up. */
const ACCOUNT_BYTES = 512;
/** What the accounts of one app may take of memory; one more than fits is refused. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Everything that an app spent. Numbers of accounts rise, so that lists have an order. */
export class Accounts {
  readonly #seal: NameSeal;
  readonly #byId = new Map<string, Account>();
  readonly #byNumber = new Map<number, Account>();
  #next = 1;
  #bytes = 0;

  constructor(seal: NameSeal) {
    this.#seal = seal;
  }

  /** What they take of memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.bytes > MAX_BYTES;
  }

  find(name: AccountName): Account | undefined {
    return this.#byId.get(this.#seal.idOf(name));
  }

  nameOf({ name }: Account): AccountName {
    return this.#seal.open(name);
  }

  /** In the order of their numbers. */
  values(): IterableIterator<Account> {
    return this.#byId.values();
  }

  /** The record that opens one more; nothing changes yet. */
  draftOpening(name: AccountName, limit: Limit | 'as its budget' | undefined): OpenRecord {
    const opening = { open: this.#next, id: this.#seal.idOf(name), name: this.#seal.seal(name) };
    if (limit === undefined) return opening;
    if (limit === 'as its budget') {
      const of = this.find({ budget: name.budget })?.number;
      return of === undefined ? opening : { ...opening, of };
    }
    return { ...opening, of: this.#next, terms: writeLimit(limit) };
  }

  /** Throws LedgerDamaged for a record that cannot follow those before. */
  apply(record: LedgerRecord): Account {
    if ('open' in record) return this.#open(record);
    const account = this.#byNumber.get(record.spend);
    if (account === undefined) throw new LedgerDamaged('it charges what was never opened');
    account.spending = addSpending(account.spending, readSpending(record));
    return account;
  }

  /** Those that begin anew: all of a budget, or the one of a subject. */
  listOf(budget: string, subject: string | undefined): Account[] {
    const account = this.find({ budget, subject });
    if (account === undefined) return [];
    if (subject !== undefined) return [account];
    return [...this.values()].filter(({ of }) => of === account.number);
  }

  /** A budget stays, with nothing spent; a subject is known no more. */
  clear(accounts: Iterable<Account>): void {
    for (const account of accounts) {
      account.spending = NOTHING_SPENT;
      if (account.of === account.number) continue;
      this.#byId.delete(account.id);
      this.#byNumber.delete(account.number);
      this.#bytes -= weigh(account);
    }
  }

  /** Everything as few records as it takes, without those left out. */
  *records(leftOut: ReadonlySet<Account> = new Set()): Generator<LedgerRecord> {
    for (const account of this.values()) {
      const { number, spending } = account;
      const isBudget = account.of === number;
      if (leftOut.has(account) && !isBudget) continue;
      yield toOpening(account, isBudget);
      if (spending.charges > 0 && !leftOut.has(account)) yield toSpend(number, spending);
    }
  }

  #open({ open, id, name, of, terms }: OpenRecord): Account {
    if (open < this.#next || this.#byId.has(id)) throw new LedgerDamaged('it opens what is open');
    const limit = terms === undefined ? this.#limitOf(of) : readLimit(terms);
    const account: Account = { number: open, id, name, limit, of, spending: NOTHING_SPENT };
    this.#byId.set(id, account);
    this.#byNumber.set(open, account);
    this.#next = open + 1;
    this.#bytes += weigh(account);
    return account;
  }

  #limitOf(of: number | undefined): Limit | undefined {
    if (of === undefined) return undefined;
    const limit = this.#byNumber.get(of)?.limit;
    if (limit === undefined) throw new LedgerDamaged('it names a budget that was never made');
    return limit;
  }
}

export function toSpend(
  number: number,
  { microRho, microEpsilon, yoctoRho, charges }: Spending,
): SpendRecord {
  const eps = microEpsilon === undefined ? {} : { eps: String(microEpsilon) };
  const gauss = yoctoRho === undefined ? {} : { gauss: String(yoctoRho) };
  return { spend: number, rho: String(microRho), ...eps, ...gauss, n: charges };
}

function readSpending({ rho, eps, gauss, n }: SpendRecord): Spending {
  const read = (text: string | undefined) => (text === undefined ? undefined : BigInt(text));
  return { microRho: BigInt(rho), microEpsilon: read(eps), yoctoRho: read(gauss), charges: n };
}

function toOpening({ number, id, name, of, limit }: Account, isBudget: boolean): OpenRecord {
  const opening = { open: number, id, name, ...(of === undefined ? {} : { of }) };
  return isBudget && limit !== undefined ? { ...opening, terms: writeLimit(limit) } : opening;
}

function writeLimit({ maxEpsilon, delta, onExhausted, microRho, yoctoRho }: Limit): LedgerTerms {
  const most = { microRho: String(microRho), gauss: String(yoctoRho) };
  return { maxEpsilon, delta, onExhausted, ...most };
}

function readLimit({ microRho, gauss, ...terms }: LedgerTerms): Limit {
  const microEpsilon = toMicroUnits(terms.maxEpsilon, 'down');
  return { ...terms, microEpsilon, microRho: BigInt(microRho), yoctoRho: BigInt(gauss) };
}

function weigh({ name }: Account): number {
  return ACCOUNT_BYTES + name.length;
}
