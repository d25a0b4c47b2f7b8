import { createTaskQueue } from '../task-queue.ts';
import { describeError, type Log } from '../log.ts';
import type { ChainedEntry, Draft } from './chain.ts';
import type { ChainFile, ChainPlace } from './chain-file.ts';
import { openChain, type OpenedChain, startOver } from './open-chain.ts';

/** What waits when nothing can be written; more is lost, and the log says how much. */
const MAX_WAITING = 4096;
const MAX_BATCH = 512;

export interface EntryQueueOptions {
  readonly place: ChainPlace;
  readonly log: Pick<Log, 'warn' | 'error'>;
  /** Told every entry that is there when the log is opened. */
  readonly onEntry: (entry: ChainedEntry) => void;
  /** Told that entries up to this number are gone. */
  readonly onDropped: (n: number) => void;
}

interface Waiting {
  readonly draft: Draft;
  readonly onWritten: (n: number) => void;
}

/**
 * What is to be written, and the one writer. A log that cannot be opened or written is tried again with
 * each flush; one that was tampered with is set aside, and the next begins by saying so.
 */
export class EntryQueue {
  readonly #options: EntryQueueOptions;
  readonly #inTurn = createTaskQueue();
  #waiting: Waiting[] = [];
  #lost = 0;
  #isFailing = false;
  #file: ChainFile | undefined;

  constructor(options: EntryQueueOptions) {
    this.#options = options;
  }

  /** True since something could not be written. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  add(draft: Draft, onWritten: (n: number) => void = () => undefined): void {
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push({ draft, onWritten });
    else this.#lost += 1;
  }

  /** Takes back what was added and is not written yet. */
  withdraw(draft: Draft): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.draft !== draft);
  }

  /** Writes what waits; the failure, which is logged, when it could not. */
  flush(): Promise<Error | undefined> {
    return this.#inTurn(async () => {
      try {
        await this.#writeAll();
        this.#isFailing = false;
        return undefined;
      } catch (error) {
        this.#isFailing = true;
        this.#options.log.error('audit.writeFailed', describeError(error));
        return error instanceof Error ? error : new Error('the log cannot be written');
      }
    });
  }

  /** Runs while nothing is written. Throws when the log cannot be opened. */
  async read<Result>(task: (file: ChainFile) => Promise<Result>): Promise<Result> {
    return this.#inTurn(async () => task(await this.#ready()));
  }

  async #writeAll(): Promise<void> {
    let file = await this.#ready();
    if (await file.isDisturbed()) file = await this.#replaceDisturbed(file);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, MAX_BATCH);
      const first = await file.append(batch.map(({ draft }) => draft));
      const written = new Set(batch);
      this.#waiting = this.#waiting.filter((waiting) => !written.has(waiting));
      batch.forEach(({ onWritten }, index) => {
        onWritten(first + index);
      });
      await file.deleteDropped();
      this.#options.onDropped(file.state.anchor.n);
      if (this.#lost > 0) this.#tellFirst('log.lost', { entries: this.#lost });
      this.#lost = 0;
    }
  }

  async #ready(): Promise<ChainFile> {
    if (this.#file !== undefined) return this.#file;
    return this.#take(await openChain(this.#options.place, this.#options.onEntry));
  }

  async #replaceDisturbed({ state }: ChainFile): Promise<ChainFile> {
    const sentence = 'Something else wrote to the log while the daemon ran, or removed it.';
    // Should this fail half-way, the next flush opens what there is.
    this.#file = undefined;
    return this.#take(
      await startOver(this.#options.place, { sentence, at: state.end.n }, state.end),
    );
  }

  #take({ file, isNew, problem, cutBytes }: OpenedChain): ChainFile {
    const { log, onDropped } = this.#options;
    this.#file = file;
    if (problem !== undefined) {
      log.error('audit.damaged', { reason: problem.sentence });
      onDropped(Number.MAX_SAFE_INTEGER);
      this.#tellFirst('log.damaged', { problem: problem.sentence, entry: problem.at });
    } else if (isNew) this.#tellFirst('log.begun', {});
    if (cutBytes > 0) {
      log.warn('audit.cut', { bytes: cutBytes });
      this.#tellFirst('log.cut', { bytes: cutBytes });
    }
    return file;
  }

  #tellFirst(event: string, fields: Draft['fields']): void {
    const draft = { at: new Date().toISOString(), event, fields };
    this.#waiting.unshift({ draft, onWritten: () => undefined });
  }
}
