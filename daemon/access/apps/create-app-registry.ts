import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAppId, MANIFEST_FILE, RpcError } from '@locara/protocol';
import { isClosed, refuseClosed, writeAtomically } from '../../files/write-atomically.ts';
import type { Log } from '../../log.ts';
import type { Paths } from '../../paths.ts';
import { createTaskQueue } from '../../task-queue.ts';
import { notInstalled, whyAbsent } from './absent-app.ts';
import { FORMER_FILE, listAppFolders, RECORD_FILE } from './app-folder.ts';
import { AppIndex } from './app-index.ts';
import { type AppListeners, createAppListeners } from './app-listeners.ts';
import { renderFormer } from './app-record-file.ts';
import type { AppFiles, AppRecord, AppRegistry, FormerApp, UpdateOptions } from './app-registry.ts';
import { CREDENTIALS_FILE } from './credentials-file.ts';
import { toFormerApp, toUnknownFormerApp } from './former-app.ts';
import { type InstalledApp, writeInstalledApp } from './installed-app.ts';
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
  const { paths } = options;
  await mkdir(paths.apps, { recursive: true, mode: 0o700 });
  const index = new AppIndex(options);
  const isQuiet = createSurvey();
  for (const appId of await listAppFolders(paths.apps)) {
    if (isQuiet(paths.app(appId))) index.expect(appId);
    else await index.load(appId);
  }
  return new FileAppRegistry(index, options);
}

/** Answers from the index; changes go to the disk first, one after the other. */
class FileAppRegistry implements AppRegistry {
  readonly #index: AppIndex;
  readonly #paths: AppRegistryOptions['paths'];
  readonly #listeners: AppListeners;
  readonly #inTurn = createTaskQueue();

  constructor(index: AppIndex, { paths, log }: AppRegistryOptions) {
    this.#index = index;
    this.#paths = paths;
    this.#listeners = createAppListeners(log);
  }

  find(appId: string): AppRecord | undefined {
    return this.#index.find(appId);
  }

  list(): Promise<readonly AppRecord[]> {
    return this.#index.list();
  }

  listExpanding(): readonly AppRecord[] {
    return this.#index.listExpanding();
  }

  findFormer(appId: string): FormerApp | undefined {
    return this.#index.findFormer(appId);
  }

  isDamaged(appId: string): boolean {
    return this.#index.isDamaged(appId);
  }

  listDamaged(): Promise<readonly string[]> {
    return this.#index.listDamaged();
  }

  isIntact(appId: string): boolean {
    return this.#index.isIntact(appId);
  }

  onChange(listener: Parameters<AppRegistry['onChange']>[0]): () => void {
    return this.#listeners.add(listener);
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
      const installed = await writeInstalledApp(folder, { record, manifestBytes }, [
        ...(credentials === undefined
          ? []
          : [{ path: join(folder, CREDENTIALS_FILE), content: credentials }]),
        // locara.json is there to be read by people; app.json decides.
        { path: join(folder, MANIFEST_FILE), content: manifestBytes },
      ]);
      await rm(join(folder, FORMER_FILE), { force: true });
      this.#adopt(installed);
    });
  }

  update(
    appId: string,
    change: (record: AppRecord) => AppRecord,
    { isNarrowing = false, isBookkeeping = false }: UpdateOptions = {},
  ): Promise<AppRecord> {
    return this.#inTurn(async () => {
      const installed = this.#index.findInstalled(appId);
      if (installed === undefined) throw whyAbsent(this, appId);
      const record = change(installed.record);
      if (record === installed.record) return record;
      try {
        const written = await writeInstalledApp(this.#folderOf(appId), { ...installed, record });
        if (isBookkeeping) this.#index.setInstalled(written);
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
      const record = this.#index.findRemovable(appId);
      if (record === undefined && !this.#index.isDisabled(appId)) throw whyAbsent(this, appId);
      // Whatever the disk says next; who signed it is known for another try.
      this.#index.setUninstalling(appId, record);
      this.#listeners.announce(appId, undefined);
      const former = record === undefined ? toUnknownFormerApp(appId) : toFormerApp(record);
      await this.#leaveFormer(folder, former);
    });
  }

  forget(appId: string): Promise<void> {
    return this.#inTurn(async () => {
      const folder = this.#folderOf(appId);
      if (this.#index.isPresent(appId)) throw new RpcError('Conflict', 'That app is installed.');
      await rm(folder, { recursive: true, force: true });
      this.#index.delete(appId);
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
      this.#index.setFormer(former);
      await rm(join(folder, RECORD_FILE), { recursive: true, force: true });
      this.#index.setUninstalled(former.appId);
    } catch (error) {
      throw isClosed(error) ? refuseClosed(error) : error;
    }
  }

  #adopt(installed: InstalledApp): void {
    this.#index.setInstalled(installed);
    this.#listeners.announce(installed.record.appId, installed.record);
  }

  /** The only way from an id to a folder: an id in another syntax never becomes a path. */
  #folderOf(appId: string): string {
    if (!isAppId(appId)) throw notInstalled();
    return this.#paths.app(appId);
  }
}
