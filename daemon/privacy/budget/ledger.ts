import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type BudgetState, RpcError } from '@locara/protocol';
import { destroyFile, isFileError } from '../../files/durable-files.ts';
import { removeLeftovers } from '../../files/remove-leftovers.ts';
import { describeError, type Log } from '../../log.ts';
import { createTaskQueue } from '../../task-queue.ts';
import { beginTurns } from '../../turns.ts';
import type { AccountName } from './account.ts';
import { type Account, Accounts } from './accounts.ts';
import { admitCharge, examineCharge, noSuchBudget, tooManyAllowances } from './admit-charge.ts';
import type { AllowanceCount, BudgetPage, BudgetTerms, Charge } from './budgets.ts';
import { LedgerFile } from './ledger-file.ts';
import { LedgerDamaged, type LedgerRecord } from './ledger-lines.ts';
import { LedgerMark, removeMark } from './ledger-mark.ts';
import { isDamageRefusal, otherTerms, toRefusal } from './ledger-refusals.ts';
import { toLimit } from './limit.ts';
import { loadNameSeal } from './load-name-seal.ts';
import { countAccounts, describeNamed, listAccounts } from './show-accounts.ts';

export interface LedgerDeps {
  readonly appId: string;
  readonly path: string;
  readonly keyPath: string;
  readonly log: Pick<Log, 'warn' | 'error'>;
}

interface Opened {
  readonly accounts: Accounts;
  readonly file: LedgerFile;
}

interface Waiting {
  readonly charge: Charge;
  readonly resolve: (state: BudgetState) => void;
  readonly reject: (error: unknown) => void;
}

/** Charges that are written and flushed together. */
const MAX_BATCH = 4096;

/**
 * What one app spent. Everything happens in turn; charges that wait together are flushed to the disk together.
 * Memory never knows less than the disk: what could not be written counts as spent all the same.
 */
export class Ledger {
  readonly #deps: LedgerDeps;
  readonly #inTurn = createTaskQueue();
  #waiting: Waiting[] = [];
  #running = 0;
  #opened: Opened | undefined;
  /** Looked at once: until the user begins anew it stays so. */
  #damage: LedgerDamaged | undefined;
  /** What was logged last, so that calls without end make no lines without end. */
  #lastFailure = '';

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  /** What it takes of memory, about. */
  get bytes(): number {
    return this.#opened?.accounts.bytes ?? 0;
  }

  /** Nothing is under way, and the disk knows all that memory does. */
  get canBeForgotten(): boolean {
    return this.#running === 0 && this.#opened?.file.isUnsound !== true;
  }

  charge(charge: Charge): Promise<BudgetState> {
    const settled = new Promise<BudgetState>((resolve, reject) => {
      this.#waiting.push({ charge, resolve, reject });
    });
    if (this.#waiting.length === 1) void this.#run(() => this.#commitCharges());
    return settled;
  }

  /** Throws what `charge` would now; nothing is spent. */
  async assertFits(charge: Charge): Promise<void> {
    await this.#use(({ accounts }) => examineCharge(accounts, charge));
  }

  create(budget: string, terms: BudgetTerms): Promise<BudgetState> {
    return this.#use(async (opened) => {
      const { accounts } = opened;
      const known = accounts.find({ budget });
      if (known !== undefined && !isSame(known, terms)) throw otherTerms();
      if (known === undefined) {
        if (accounts.isFull) throw tooManyAllowances();
        const record = accounts.draftOpening({ budget }, toLimit(terms));
        accounts.apply(record);
        await this.#guard(() => opened.file.append([record]));
      }
      return describeNamed(accounts, { budget });
    });
  }

  get(name: AccountName): Promise<BudgetState> {
    return this.#use(({ accounts }) => describeNamed(accounts, name));
  }

  list(page: BudgetPage): Promise<{ budgets: BudgetState[]; cursor?: string }> {
    return this.#use(({ accounts }) => listAccounts(accounts, page));
  }

  count(): Promise<AllowanceCount> {
    return this.#use(({ accounts }) => countAccounts(accounts));
  }

  reset(budget: string | undefined, subject: string | undefined): Promise<number> {
    if (budget === undefined) return this.#run(() => this.#resetAll());
    return this.#use(async ({ accounts, file }) => {
      if (accounts.find({ budget }) === undefined) throw noSuchBudget();
      const begun = accounts.listOf(budget, subject);
      const spent = begun.filter(({ spending }) => spending.charges > 0);
      // On the disk first: what cannot be written there has not begun anew here either.
      await this.#guard(() => file.writeAnew(accounts.records(new Set(begun))));
      accounts.clear(begun);
      return spent.length;
    });
  }

  /** Waits for what is under way; then nothing of it is in memory. */
  close(): Promise<void> {
    return this.#run(async () => {
      const opened = this.#opened;
      if (opened?.file.isUnsound === true) await this.#ready().catch(() => undefined);
      this.#opened = undefined;
      await opened?.file.close();
    });
  }

  async #run<Result>(task: () => Promise<Result>): Promise<Result> {
    this.#running += 1;
    try {
      return await this.#inTurn(task);
    } finally {
      this.#running -= 1;
    }
  }

  #use<Result>(task: (opened: Opened) => Result | Promise<Result>): Promise<Result> {
    return this.#run(async () => task(await this.#ready()));
  }

  async #commitCharges(): Promise<void> {
    const batch = this.#waiting.splice(0, MAX_BATCH);
    if (this.#waiting.length > 0) void this.#run(() => this.#commitCharges());
    try {
      const opened = await this.#ready();
      const decided = await this.#decide(opened, batch);
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = decided[index];
        if (outcome instanceof RpcError) reject(outcome);
        else if (outcome !== undefined) resolve(outcome);
      }
      await this.#compact(opened);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** Durable when it resolves; when it throws, what fitted counts as spent, and nothing of it is released. */
  #decide({ accounts, file }: Opened, batch: readonly Waiting[]) {
    return this.#guard(async () => {
      const records: LedgerRecord[] = [];
      try {
        const decided: (BudgetState | RpcError)[] = [];
        const turns = beginTurns();
        for (const { charge } of batch) {
          decided.push(admitCharge(accounts, charge, records));
          if (turns.areOver()) await turns.next();
        }
        if (records.length > 0) await file.append(records);
        return decided;
      } catch (error) {
        file.distrust();
        throw error;
      }
    });
  }

  async #compact({ accounts, file }: Opened): Promise<void> {
    if (!file.isOvergrown) return;
    await file.writeAnew(accounts.records()).catch((error: unknown) => {
      this.#deps.log.warn('privacy.ledgerNotCompacted', this.#describe(error));
    });
  }

  /** Everything on the disk is in memory and the other way round. Throws where that cannot be. */
  async #ready(): Promise<Opened> {
    this.#opened ??= await this.#open();
    const { accounts, file } = this.#opened;
    if (file.isUnsound) await this.#guard(() => file.writeAnew(accounts.records()));
    return this.#opened;
  }

  async #open(): Promise<Opened> {
    const { appId, path, keyPath } = this.#deps;
    return this.#guard(async () => {
      if (this.#damage !== undefined) throw this.#damage;
      await removeLeftovers(dirname(path));
      const seal = await loadNameSeal({ keyPath, ledgerPath: path });
      const accounts = new Accounts(seal);
      const file = new LedgerFile(path, { appId, keyId: seal.keyId }, new LedgerMark(keyPath));
      await file.read((record) => accounts.apply(record));
      return { accounts, file };
    });
  }

  async #resetAll(): Promise<number> {
    const opened = await this.#openUnlessDamaged();
    if (opened === undefined) {
      await this.#guard(() => this.#setAside());
      return 0;
    }
    const { accounts, file } = opened;
    const all = [...accounts.values()];
    const spent = all.filter(({ spending }) => spending.charges > 0);
    await this.#guard(() => file.writeAnew(accounts.records(new Set(all))));
    accounts.clear(all);
    return spent.length;
  }

  /** What can still be read of it are numbers: its names are under a key that is gone. */
  async #setAside(): Promise<void> {
    const { path, keyPath } = this.#deps;
    await rename(path, `${path}-damaged`).catch((error: unknown) => {
      if (!isFileError(error, 'ENOENT')) throw error;
    });
    destroyFile(keyPath);
    await removeMark(keyPath);
    this.#damage = undefined;
  }

  async #openUnlessDamaged(): Promise<Opened | undefined> {
    try {
      return await this.#ready();
    } catch (error) {
      if (isDamageRefusal(error)) return undefined;
      throw error;
    }
  }

  async #guard<Result>(task: () => Promise<Result>): Promise<Result> {
    try {
      return await task();
    } catch (error) {
      if (error instanceof LedgerDamaged) this.#damage = error;
      this.#tellOnce(error);
      throw toRefusal(error);
    }
  }

  #tellOnce(error: unknown): void {
    const failure = error instanceof Error ? `${error.name} ${error.message}` : '';
    if (failure === this.#lastFailure) return;
    this.#lastFailure = failure;
    this.#deps.log.error('privacy.ledgerFailed', this.#describe(error));
  }

  #describe(error: unknown) {
    const { appId } = this.#deps;
    if (error instanceof LedgerDamaged) return { appId, reason: error.message };
    return { appId, ...describeError(error) };
  }
}

function isSame({ limit }: Account, terms: BudgetTerms): boolean {
  return (
    limit?.maxEpsilon === terms.maxEpsilon &&
    limit.delta === terms.delta &&
    limit.onExhausted === terms.onExhausted
  );
}
