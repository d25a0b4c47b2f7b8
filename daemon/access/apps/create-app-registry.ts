import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAppId, MANIFEST_FILE, RpcError } from '@locara/protocol';
import {
  type FileContent,
  isClosed,
  refuseClosed,
  replaceFiles,
  writeAtomically,
} from '../../files/write-atomically.ts';
import { describeError, type Log } from '../../log.ts';
import type { Paths } from '../../paths.ts';
import { createTaskQueue } from '../../task-queue.ts';
import { digestOf } from '../trust/digest.ts';
import { notInstalled, whyAbsent } from './absent-app.ts';
import {
  FORMER_FILE,
  listAppFolders,
  openAppFolder,
  readStoredApp,
  RECORD_FILE,
  type StoredApp,
} from './app-folder.ts';
import { renderFormer, renderRecord } from './app-record-file.ts';
import type { AppFiles, AppRecord, AppRegistry, FormerApp, UpdateOptions } from './app-registry.ts';
import { alignCredentials, CREDENTIALS_FILE } from './credentials-file.ts';
import { createFileSeal, type FileSeal, traceOf } from './file-seal.ts';
import { toFormerApp, toUnknownFormerApp } from './former-app.ts';
import { createStrangers } from './strangers.ts';
import { createSurvey } from './survey-apps.ts';

export interface AppRegistryOptions {
  readonly paths: Pick<Paths, 'apps' | 'app'>;
  readonly log: Pick<Log, 'warn'>;
}

/**
 * Finds the installed apps, and puts in order what a crash left; what a record says is read when somebody asks for
 * the app. One that does not hold together disables that app alone.
 */
export async function createAppRegistry(options: AppRegistryOptions): Promise<AppRegistry> {
  await mkdir(options.paths.apps, { recursive: true, mode: 0o700 });
  const registry = new FileAppRegistry(options);
  const isQuiet = createSurvey();
  for (const appId of await listAppFolders(options.paths.apps)) {
    if (isQuiet(options.paths.app(appId))) registry.expect(appId);
    else await registry.load(appId);
  }
  return registry;
}

interface Installed {
  readonly record: AppRecord;
  readonly manifestBytes: Uint8Array;
  /** Of what the daemon wrote: the manifest for people, and the record. */
  readonly seals: readonly FileSeal[];
}
type Listener = Parameters<AppRegistry['onChange']>[0];

class FileAppRegistry implements AppRegistry {
  readonly #paths: AppRegistryOptions['paths'];
  readonly #log: AppRegistryOptions['log'];
  readonly #installed = new Map<string, Installed>();
  readonly #former = new Map<string, FormerApp>();
  /** Apps that cannot be read, and apps that could not be removed, whose record is still known. */
  readonly #damaged = new Map<string, AppRecord | undefined>();
  /** Apps that nobody has asked for yet. */
  readonly #unread = new Set<string>();
  readonly #strangers = createStrangers(() => this.#readAll());
  readonly #listeners = new Set<Listener>();
  readonly #inTurn = createTaskQueue();

  constructor({ paths, log }: AppRegistryOptions) {
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
      const found = await openAppFolder(this.#paths.app(appId), appId);
      if (found.kind === 'installed') await this.#loadInstalled(found.stored, found);
      else if (found.kind === 'former') this.#former.set(appId, found.former);
      else if (found.kind === 'damaged') this.#disable(appId);
    } catch (error) {
      this.#disable(appId, error);
    }
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
      await nextTurn();
    }
  }

  #disable(appId: string, error?: unknown): void {
    this.#installed.delete(appId);
    this.#former.delete(appId);
    this.#damaged.set(appId, undefined);
    const why = error === undefined ? {} : describeError(error);
    this.#log.warn('app.recordDamaged', { appId, ...why });
  }

  find(appId: string): AppRecord | undefined {
    if (this.#isUnreadable(appId)) return undefined;
    const record = this.#installed.get(appId)?.record;
    if (record === undefined && isAppId(appId)) this.#strangers.meet(appId);
    return record;
  }

  async list(): Promise<readonly AppRecord[]> {
    await this.#readAll();
    return this.#listRead();
  }

  listExpanding(): readonly AppRecord[] {
    return this.#listRead().filter(({ expansion }) => expansion !== undefined);
  }

  #listRead(): AppRecord[] {
    return [...this.#installed.values()]
      .map(({ record }) => record)
      .sort((left, right) => (left.appId < right.appId ? -1 : 1));
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

  put(record: AppRecord, { manifestBytes, credentials, replaces }: AppFiles): Promise<void> {
    return this.#inTurn(async () => {
      const folder = this.#folderOf(record.appId);
      const installedBefore = this.find(record.appId);
      if (replaces !== undefined && replaces.record !== installedBefore) {
        throw new RpcError('Conflict', 'The app was changed meanwhile; install it again.', {
          details: { rule: 'app_changed' },
        });
      }
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const installed = await this.#write({ record, manifestBytes }, [
        ...(credentials === undefined
          ? []
          : [{ path: join(folder, CREDENTIALS_FILE), content: credentials }]),
        // locara.json is there to be read by people; app.json decides.
        { path: join(folder, MANIFEST_FILE), content: manifestBytes },
      ]);
      await rm(join(folder, FORMER_FILE), { force: true });
      this.#former.delete(record.appId);
      this.#damaged.delete(record.appId);
      this.#adopt(installed);
    });
  }

  update(
    appId: string,
    change: (record: AppRecord) => AppRecord,
    { isNarrowing = false, isBookkeeping = false }: UpdateOptions = {},
  ): Promise<AppRecord> {
    return this.#inTurn(async () => {
      const isUnreadable = this.#isUnreadable(appId);
      const installed = isUnreadable ? undefined : this.#installed.get(appId);
      if (installed === undefined) throw whyAbsent(this, appId);
      const record = change(installed.record);
      if (record === installed.record) return record;
      try {
        const written = await this.#write({ ...installed, record }, []);
        if (isBookkeeping) this.#installed.set(appId, written);
        else this.#adopt(written);
      } catch (error) {
        // An app that fills the disk must not keep what the user takes back: it is gone until a restart at least.
        if (isNarrowing) this.#adopt({ ...installed, record });
        throw error;
      }
      return record;
    });
  }

  remove(appId: string): Promise<void> {
    return this.#inTurn(async () => {
      const folder = this.#folderOf(appId);
      const record = this.find(appId) ?? this.#damaged.get(appId);
      if (record === undefined && !this.#damaged.has(appId)) throw whyAbsent(this, appId);
      // Gone for every check from here on, whatever the disk says next; who signed it is known for another try.
      this.#installed.delete(appId);
      this.#damaged.set(appId, record);
      this.#announce(appId, undefined);
      const former = record === undefined ? toUnknownFormerApp(appId) : toFormerApp(record);
      await this.#leaveFormer(folder, former);
    });
  }

  /** Removes all of an app's folder but who signed it. */
  async #leaveFormer(folder: string, former: FormerApp): Promise<void> {
    try {
      // Everything else goes first, also what a crash may have left: it makes room on a full disk.
      for (const name of await readdir(folder)) {
        if (name === FORMER_FILE || name === RECORD_FILE) continue;
        await rm(join(folder, name), { recursive: true, force: true });
      }
      await writeAtomically(join(folder, FORMER_FILE), renderFormer(former));
      this.#former.set(former.appId, former);
      await rm(join(folder, RECORD_FILE), { recursive: true, force: true });
      this.#damaged.delete(former.appId);
    } catch (error) {
      throw isClosed(error) ? refuseClosed(error) : error;
    }
  }

  forget(appId: string): Promise<void> {
    return this.#inTurn(async () => {
      const folder = this.#folderOf(appId);
      if (this.find(appId) !== undefined || this.#unread.has(appId))
        throw new RpcError('Conflict', 'That app is installed.');
      await rm(folder, { recursive: true, force: true });
      this.#former.delete(appId);
      this.#damaged.delete(appId);
    });
  }

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Puts the record in place after the files that belong to it. */
  async #write(
    { record, manifestBytes }: Omit<Installed, 'seals'>,
    files: readonly FileContent[],
  ): Promise<Installed> {
    const folder = this.#folderOf(record.appId);
    const text = renderRecord(record, manifestBytes);
    await replaceFiles([...files, { path: join(folder, RECORD_FILE), content: text }]);
    const seals = sealFiles(folder, record, text);
    return { record, manifestBytes, seals };
  }

  async #loadInstalled(
    stored: StoredApp,
    { wasCutOff }: { readonly wasCutOff: boolean },
  ): Promise<void> {
    const { record, manifestBytes } = stored;
    const { appId } = record;
    const folder = this.#folderOf(appId);
    await alignCredentials(join(folder, CREDENTIALS_FILE), record).catch(() => {
      this.#log.warn('app.credentialsStale', { appId });
    });
    // A crash in the middle of an update explains another manifest; without one, somebody edited it.
    // Where that cannot be written, as on a full disk, the app stays out: its files are not intact.
    if (wasCutOff) {
      await writeAtomically(join(folder, MANIFEST_FILE), manifestBytes).catch(() => undefined);
    }
    this.#open(stored);
  }

  #open({ record, recordText, manifestBytes }: StoredApp): void {
    const { appId } = record;
    const seals = sealFiles(this.#folderOf(appId), record, recordText);
    this.#installed.set(appId, { record, manifestBytes, seals });
    if (!this.isIntact(appId)) this.#log.warn('app.manifestChanged', { appId });
  }

  #adopt(installed: Installed): void {
    this.#installed.set(installed.record.appId, installed);
    this.#announce(installed.record.appId, installed.record);
  }

  /** The only way from an id to a folder: an id in another syntax never becomes a path. */
  #folderOf(appId: string): string {
    if (!isAppId(appId)) throw notInstalled();
    return this.#paths.app(appId);
  }

  #announce(appId: string, record: AppRecord | undefined): void {
    for (const listener of this.#listeners) {
      try {
        listener(appId, record);
      } catch {
        this.#log.warn('app.listenerFailed', { appId });
      }
    }
  }
}

/** Of the machine at this moment, not of the file. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

function isPassing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && PASSING.has(String(error.code));
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function sealFiles(folder: string, record: AppRecord, recordText: string): FileSeal[] {
  return [
    createFileSeal(join(folder, MANIFEST_FILE), record.manifestDigest),
    createFileSeal(join(folder, RECORD_FILE), digestOf(Buffer.from(recordText))),
  ];
}
