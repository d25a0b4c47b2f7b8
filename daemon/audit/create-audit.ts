import type { KeyObject } from 'node:crypto';
import { RpcError } from '@locara/protocol';
import { isFullDisk } from '../files/write-atomically.ts';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import type {
  AuditFields,
  AuditLog,
  CapabilityUse,
  DecisionEvent,
  Page,
  Verdict,
} from './audit.ts';
import { CapabilityIndex } from './capability-index.ts';
import type { ChainedEntry, Draft } from './chain.ts';
import type { ChainFile, ChainLimits, ChainPlace } from './chain-file.ts';
import { toEffectDraft, toEffectRecord } from './effect-entries.ts';
import { EffectIndex } from './effect-index.ts';
import { type EffectRecord, EffectWindow, type PrivacyEffect } from './effect-window.ts';
import { EntryQueue } from './entry-queue.ts';
import { exportLines, readNewest, verifyLog } from './read-log.ts';
import { toDraft, toRecord } from './use-entries.ts';
import { type UseRecord, UseWindow } from './use-window.ts';

export interface AuditOptions {
  readonly paths: Pick<Paths, 'audit' | 'auditCheckpoint'>;
  /** The daemon's: it signs the checkpoint. */
  readonly privateKey: KeyObject;
  readonly log: Pick<Log, 'warn' | 'error'>;
  readonly limits?: ChainLimits;
  /** Uses are counted together for this long. */
  readonly windowMs?: number;
}

const LIMITS: ChainLimits = { segmentBytes: 1024 * 1024, maxSegments: 16 };
const WINDOW_MS = 60_000;
/** What an app can cause without the user: counted against what it may write an hour. */
const CAUSED_BY_APPS: ReadonlySet<DecisionEvent> = new Set(['grant.requested']);

/** Opens the log and reads what it holds. Never throws: a log that cannot be used is told by what needs it. */
export async function createAudit(options: AuditOptions): Promise<AuditLog> {
  const audit = new RecordedAudit(options);
  await audit.start();
  return audit;
}

class RecordedAudit implements AuditLog {
  readonly #place: ChainPlace;
  readonly #windowMs: number;
  readonly #queue: EntryQueue;
  readonly #index = new CapabilityIndex();
  readonly #window: UseWindow;
  readonly #effectIndex = new EffectIndex();
  readonly #effects: EffectWindow;
  #timer: NodeJS.Timeout | undefined;
  #decided: Promise<unknown> = Promise.resolve();

  constructor({ paths, privateKey, log, ...options }: AuditOptions) {
    const checkpoint = { path: paths.auditCheckpoint, privateKey };
    this.#place = { folder: paths.audit, checkpoint, limits: options.limits ?? LIMITS };
    this.#windowMs = options.windowMs ?? WINDOW_MS;
    this.#window = new UseWindow((record) => {
      this.#index.add(record);
      this.#schedule();
    });
    this.#effects = new EffectWindow((record) => {
      this.#effectIndex.add(record);
      this.#schedule();
    });
    this.#queue = new EntryQueue({
      place: this.#place,
      log,
      onEntry: (entry) => {
        this.#readBack(entry);
      },
      onDropped: (n) => {
        this.#index.dropThrough(n);
        this.#effectIndex.dropThrough(n);
      },
    });
  }

  async start(): Promise<void> {
    await this.#queue.flush();
  }

  decide(event: DecisionEvent, appId: string | undefined, fields: AuditFields = {}): void {
    if (appId !== undefined && CAUSED_BY_APPS.has(event) && !this.#window.spend(appId)) return;
    if (event === 'app.wiped' && appId !== undefined) {
      // Before the line that ends the app's own view, so that it ends them too.
      this.#enqueue(this.#window.closeApp(appId));
      this.#enqueueEffects(this.#effects.closeApp(appId));
      this.#forget(appId);
    }
    this.#queue.add({ at: now(), event, appId, fields });
    this.#decided = this.#queue.flush();
  }

  use(use: CapabilityUse): void {
    this.#window.count('used', use);
  }

  deny(use: CapabilityUse): void {
    this.#window.count('denied', use);
  }

  effect(effect: PrivacyEffect): void {
    this.#effects.count(effect);
  }

  async announce(fields: AuditFields, appId: string | undefined): Promise<void> {
    const draft: Draft = { at: now(), event: 'decision.asked', appId, fields };
    this.#queue.add(draft);
    const failure = await this.#queue.flush();
    if (failure === undefined) return;
    this.#queue.withdraw(draft);
    throw toRefusal(failure);
  }

  async settle(): Promise<void> {
    await this.#decided;
  }

  capabilityLog(appId: string, page: Page) {
    return this.#index.page(appId, page);
  }

  effectsOf(appId: string, limit: number) {
    return this.#effectIndex.list(appId, limit);
  }

  usageOf(appId: string) {
    return this.#index.usageOf(appId);
  }

  async show(wanted: Parameters<AuditLog['show']>[0]) {
    await this.#flushUses('all');
    return this.#read((file) => readNewest(file, wanted));
  }

  async verify(): Promise<Verdict> {
    // Not written to first: that would set aside what is to be looked at.
    const verdict = await this.#queue
      .read((file) => verifyLog(file, this.#place))
      .catch((): Verdict => ({ ok: false, entries: 0, problem: 'The log cannot be read.' }));
    if (!verdict.ok || !this.#queue.isFailing) return verdict;
    const problem = 'New entries cannot be written: see the daemon log for why.';
    return { ...verdict, ok: false, problem };
  }

  async exportLines(after: number, limit: number) {
    if (after === 0) await this.#flushUses('all');
    return this.#read((file) => exportLines(file, this.#place, { after, limit }));
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#flushUses('all');
  }

  async #read<Result>(task: (file: ChainFile) => Promise<Result>): Promise<Result> {
    return this.#queue.read(task).catch((cause: unknown) => {
      const message = 'The audit log cannot be read: see the daemon log for why.';
      throw new RpcError('Unavailable', message, { details: { state: 'audit' }, cause });
    });
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#flushUses('affordable').then(() => {
        if (this.#window.hasOpen || this.#effects.hasOpen) this.#schedule();
      });
    }, this.#windowMs).unref();
  }

  /** While earlier ones cannot be written, uses go on being counted where they are. */
  async #flushUses(which: 'affordable' | 'all'): Promise<void> {
    if (this.#queue.isFailing) await this.#queue.flush();
    if (this.#queue.isFailing) return;
    this.#enqueue(this.#window.close(which));
    const spend = (appId: string): boolean => this.#window.spend(appId) || which === 'all';
    this.#enqueueEffects(this.#effects.close(spend));
    await this.#queue.flush();
  }

  #enqueue(records: readonly UseRecord[]): void {
    for (const record of records) {
      this.#queue.add(toDraft(record), (n) => {
        record.n = n;
      });
    }
  }

  #enqueueEffects(records: readonly EffectRecord[]): void {
    for (const record of records) {
      this.#queue.add(toEffectDraft(record), (n) => {
        record.n = n;
      });
    }
  }

  #forget(appId: string): void {
    this.#index.forget(appId);
    this.#effectIndex.forget(appId);
  }

  /** What an entry of the log says of an app's own view. */
  #readBack(entry: ChainedEntry): void {
    if (entry.event === 'app.wiped' && entry.appId !== undefined) this.#forget(entry.appId);
    const effect = toEffectRecord(entry);
    if (effect !== undefined) this.#effectIndex.add(effect);
    const record = toRecord(entry, this.#window.nextSequence());
    if (record !== undefined) this.#index.add(record);
  }
}

function toRefusal(failure: Error): RpcError {
  const message =
    'This cannot be recorded in the audit log, so it is not done: see the daemon log for why.';
  return isFullDisk(failure)
    ? new RpcError('InsufficientResources', message, { details: { resource: 'disk' } })
    : new RpcError('Unavailable', message, { details: { state: 'audit' } });
}

function now(): string {
  return new Date().toISOString();
}
