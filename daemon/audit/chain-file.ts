import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isFileError } from '../files/durable-files.ts';
import { syncFolder, writeDurably } from '../files/write-atomically.ts';
import { type ChainEnd, type Draft, linkEntry } from './chain.ts';
import { type CheckpointFile, signCheckpoint } from './checkpoint.ts';
import { listSegments, type SignedSegment, segmentPath } from './scan-chain.ts';

/** How large the log may get; what is older is dropped, a whole segment at a time. */
export interface ChainLimits {
  /** A segment that reached this size gets no more entries. */
  readonly segmentBytes: number;
  readonly maxSegments: number;
}

export interface ChainPlace {
  readonly folder: string;
  /** Elsewhere than the log: who can change the one alone is noticed by the other. */
  readonly checkpoint: CheckpointFile;
  readonly limits: ChainLimits;
}

/** What is on the disk and signed for. */
export interface ChainState {
  readonly end: ChainEnd;
  /** Where what is kept begins: the last entry that was dropped. */
  readonly anchor: ChainEnd;
  readonly segments: readonly SignedSegment[];
}

const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;

/** The log as one process writes it: segments of lines, then a signed checkpoint. Not for concurrent use. */
export class ChainFile {
  readonly #place: ChainPlace;
  #state: ChainState;
  /** An append failed and could not be undone: its bytes may still be there. */
  #isTorn = false;

  constructor(place: ChainPlace, state: ChainState) {
    this.#place = place;
    this.#state = state;
  }

  get state(): ChainState {
    return this.#state;
  }

  /**
   * Appends entries and signs the new end, durably; answers the number of the first. When it throws, no entry
   * counts: what may have been written is overwritten by the next append, or cut at the next start.
   */
  async append(drafts: readonly Draft[]): Promise<number> {
    const first = this.#state.end.n + 1;
    let { end } = this.#state;
    const lines = drafts.map((draft) => {
      const linked = linkEntry(end, draft);
      end = linked.end;
      return `${linked.line}\n`;
    });
    const bytes = Buffer.from(lines.join(''));
    const current = this.#currentSegment();
    const next = this.#afterAppend(end, { ...current, bytes: current.bytes + bytes.length });
    const { path, privateKey } = this.#place.checkpoint;
    const text = signCheckpoint(
      { ...end, at: new Date().toISOString(), anchor: next.anchor },
      privateKey,
    );
    const staged = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      // Before the log is touched: a full disk is most likely to show here.
      await writeDurably(staged, text);
      await this.#write(current, bytes);
      await rename(staged, path);
    } catch (error) {
      await rm(staged, { force: true });
      await this.#undo(current);
      throw error;
    }
    this.#isTorn = false;
    this.#state = next;
    await syncFolder(dirname(path));
    return first;
  }

  /** Deletes what retention dropped; what a crash leaves of it goes at the next start. */
  async deleteDropped(): Promise<void> {
    for (const { path, first } of await listSegments(this.#place.folder)) {
      if (first <= this.#state.anchor.n) await rm(path, { force: true });
    }
  }

  /** True when the file that is written to does not have the size that it was left with. */
  async isDisturbed(): Promise<boolean> {
    const last = this.#state.segments.at(-1);
    if (last === undefined || this.#isTorn) return false;
    try {
      return (await stat(last.path)).size !== last.bytes;
    } catch (error) {
      return isFileError(error, 'ENOENT');
    }
  }

  /** The segment that takes the next entry: a new one when the last is full. */
  #currentSegment(): SignedSegment {
    const { segments, end } = this.#state;
    const { folder, limits } = this.#place;
    const last = segments.at(-1);
    if (last !== undefined && last.bytes < limits.segmentBytes) return last;
    return { path: segmentPath(folder, end.n + 1), first: end.n + 1, prev: end.hash, bytes: 0 };
  }

  #afterAppend(end: ChainEnd, written: SignedSegment): ChainState {
    const { segments, anchor } = this.#state;
    const all = [...segments.filter(({ first }) => first !== written.first), written];
    const kept = all.slice(-this.#place.limits.maxSegments);
    const [oldest] = kept;
    if (oldest === undefined || kept.length === all.length) return { end, anchor, segments: all };
    return { end, anchor: { n: oldest.first - 1, hash: oldest.prev }, segments: kept };
  }

  async #write({ path, bytes: size }: SignedSegment, bytes: Buffer): Promise<void> {
    await using file = await open(path, WRITE, 0o600);
    await file.truncate(size);
    this.#isTorn = true;
    for (let written = 0; written < bytes.length;) {
      const rest = bytes.length - written;
      written += (await file.write(bytes, written, rest, size + written)).bytesWritten;
    }
    await file.sync();
    if (size === 0) await syncFolder(dirname(path));
  }

  async #undo({ path, bytes: size }: SignedSegment): Promise<void> {
    if (!this.#isTorn) return;
    try {
      await using file = await open(path, WRITE, 0o600);
      await file.truncate(size);
      this.#isTorn = false;
    } catch {
      // The next append overwrites it, and until then it counts for nothing.
    }
  }
}
