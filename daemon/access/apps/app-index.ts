import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isAppId, MANIFEST_FILE } from '@locara/protocol';
import { describeError, type Log } from '../../log.ts';
import type { Paths } from '../../paths.ts';
import { openAppFolder, readStoredApp, RECORD_FILE, type StoredApp } from './app-folder.ts';
import type { AppRecord, AppRegistry, FormerApp } from './app-registry.ts';
import { traceOf } from './file-seal.ts';
import { type InstalledApp, sealStoredApp } from './installed-app.ts';
import { recoverApp } from './recover-app.ts';
import { createStrangers } from './strangers.ts';

export interface AppIndexOptions {
  readonly paths: Pick<Paths, 'app'>;
  readonly log: Pick<Log, 'warn'>;
}

type Lookup = Omit<AppRegistry, 'put' | 'update' | 'remove' | 'forget' | 'onChange'>;

/** What is known of each app, in memory; a record is read from the disk when somebody asks for the app. */
export class AppIndex implements Lookup {
  readonly #paths: AppIndexOptions['paths'];
  readonly #log: AppIndexOptions['log'];
  readonly #installed = new Map<string, InstalledApp>();
  readonly #former = new Map<string, FormerApp>();
  /** Apps that cannot be read, and apps that could not be removed, whose record is still known. */
  readonly #damaged = new Map<string, AppRecord | undefined>();
  /** Apps that nobody has asked for yet. */
  readonly #unread = new Set<string>();
  readonly #strangers = createStrangers(() => this.#readAll());

  constructor({ paths, log }: AppIndexOptions) {
    this.#paths = paths;
    this.#log = log;
  }

  /** The app's folder is in order: its record is read when it is asked for. */
  expect(appId: string): void {
    this.#unread.add(appId);
  }

  /** Never throws: what cannot be read or put in order disables this app, not the daemon. */
  async load(appId: string): Promise<void> {
    try {
      const folder = this.#paths.app(appId);
      const found = await openAppFolder(folder, appId);
      if (found.kind === 'installed') {
        await recoverApp(folder, found, this.#log);
        this.#open(found.stored);
      } else if (found.kind === 'former') this.#former.set(appId, found.former);
      else if (found.kind === 'damaged') this.#disable(appId);
    } catch (error) {
      this.#disable(appId, error);
    }
  }

  find(appId: string): AppRecord | undefined {
    const record = this.findInstalled(appId)?.record;
    if (record === undefined && !this.#unread.has(appId) && isAppId(appId)) {
      this.#strangers.meet(appId);
    }
    return record;
  }

  findInstalled(appId: string): InstalledApp | undefined {
    return this.#isUnreadable(appId) ? undefined : this.#installed.get(appId);
  }

  /** Of an app that is installed, or that could not be removed. */
  findRemovable(appId: string): AppRecord | undefined {
    return this.find(appId) ?? this.#damaged.get(appId);
  }

  /** Also while nobody can tell what is in its record. */
  isPresent(appId: string): boolean {
    return this.find(appId) !== undefined || this.#unread.has(appId);
  }

  /** Known to be damaged: the disk is not asked. */
  isDisabled(appId: string): boolean {
    return this.#damaged.has(appId);
  }

  async list(): Promise<readonly AppRecord[]> {
    await this.#readAll();
    return this.#listRead();
  }

  listExpanding(): readonly AppRecord[] {
    return this.#listRead().filter(({ expansion }) => expansion !== undefined);
  }

  findFormer(appId: string): FormerApp | undefined {
    return this.#former.get(appId);
  }

  isDamaged(appId: string): boolean {
    return this.#isUnreadable(appId) || this.#damaged.has(appId);
  }

  async listDamaged(): Promise<readonly string[]> {
    await this.#readAll();
    return [...this.#damaged.keys()].sort();
  }

  isIntact(appId: string): boolean {
    if (!isAppId(appId) || this.#isUnreadable(appId)) return false;
    const seals = this.#installed.get(appId)?.seals;
    if (seals !== undefined) return seals.every((seal) => seal.isIntact());
    // What is not installed is looked for all the same: the time must not tell the one from the other.
    const folder = this.#paths.app(appId);
    for (const name of [MANIFEST_FILE, RECORD_FILE]) traceOf(join(folder, name));
    return false;
  }

  setInstalled(installed: InstalledApp): void {
    const { appId } = installed.record;
    this.#former.delete(appId);
    this.#damaged.delete(appId);
    this.#installed.set(appId, installed);
  }

  /** Gone for every check from here on; the record, where it is known, is kept for another try. */
  setUninstalling(appId: string, record: AppRecord | undefined): void {
    this.#installed.delete(appId);
    this.#damaged.set(appId, record);
  }

  setFormer(former: FormerApp): void {
    this.#former.set(former.appId, former);
  }

  /** The app's record is gone. */
  setUninstalled(appId: string): void {
    this.#damaged.delete(appId);
  }

  delete(appId: string): void {
    this.#former.delete(appId);
    this.#damaged.delete(appId);
  }

  /** Reads the app's record if nobody did yet. True while it cannot be read: then nothing is known of the app. */
  #isUnreadable(appId: string): boolean {
    if (!this.#unread.has(appId)) return false;
    try {
      const stored = readStoredApp(this.#paths.app(appId), appId);
      this.#unread.delete(appId);
      if (stored === undefined) this.#disable(appId);
      else this.#open(stored);
      return false;
    } catch (error) {
      // Too many open files, or too little memory: the next one who asks may find it.
      if (isPassing(error)) return true;
      this.#unread.delete(appId);
      this.#disable(appId, error);
      return false;
    }
  }

  /** Reads every app, and lets others work in between. */
  async #readAll(): Promise<void> {
    for (const appId of [...this.#unread]) {
      this.#isUnreadable(appId);
      await setImmediate();
    }
  }

  #listRead(): AppRecord[] {
    return [...this.#installed.values()]
      .map(({ record }) => record)
      .sort((left, right) => (left.appId < right.appId ? -1 : 1));
  }

  #open(stored: StoredApp): void {
    const { appId } = stored.record;
    this.#installed.set(appId, sealStoredApp(this.#paths.app(appId), stored));
    if (!this.isIntact(appId)) this.#log.warn('app.manifestChanged', { appId });
  }

  #disable(appId: string, error?: unknown): void {
    this.#installed.delete(appId);
    this.#former.delete(appId);
    this.#damaged.set(appId, undefined);
    const why = error === undefined ? {} : describeError(error);
    this.#log.warn('app.recordDamaged', { appId, ...why });
  }
}

/** Of the machine at this moment, not of the file. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

function isPassing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && PASSING.has(String(error.code));
}
