import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAppId, MANIFEST_FILE, rightsOf, RpcError } from '@locara/protocol';
import { describeError, type Log } from '../../log.ts';
import type { Paths } from '../../paths.ts';
import { notInstalled, whyAbsent } from './absent-app.ts';
import { parseFormer, parseRecord, renderFormer, renderRecord } from './app-record-file.ts';
import type {
  AppFiles,
  AppRecord,
  AppRegistry,
  FormerApp,
  Standing,
  UpdateOptions,
} from './app-registry.ts';
import { digestOf } from '../trust/digest.ts';
import { alignCredentials } from './credentials-file.ts';
import { createFileSeal, type FileSeal, traceOf } from './file-seal.ts';
import { openRegularFile, readBounded } from '../../files/read-bounded.ts';
import { LEFTOVER } from '../../files/remove-leftovers.ts';
import { removeTree } from '../../files/remove-tree.ts';
import { createTaskQueue } from '../../task-queue.ts';
import {
  type FileContent,
  isClosed,
  refuseClosed,
  replaceFiles,
  writeAtomically,
} from '../../files/write-atomically.ts';

export const CREDENTIALS_FILE = 'credentials.json';
const RECORD_FILE = 'app.json';
const FORMER_FILE = 'former.json';
const MAX_RECORD_BYTES = 1024 * 1024;

export interface AppRegistryOptions {
  readonly paths: Pick<Paths, 'apps' | 'app'>;
  readonly log: Pick<Log, 'warn'>;
}

/** Loads the installed apps. A record that does not hold together disables that app alone. */
export async function createAppRegistry(options: AppRegistryOptions): Promise<AppRegistry> {
  await mkdir(options.paths.apps, { recursive: true, mode: 0o700 });
  const registry = new FileAppRegistry(options);
  for (const appId of await listAppFolders(options.paths.apps)) await registry.load(appId);
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
  readonly #listeners = new Set<Listener>();
  readonly #inTurn = createTaskQueue();

  constructor({ paths, log }: AppRegistryOptions) {
    this.#paths = paths;
    this.#log = log;
  }

  /** Never throws: what cannot be read or put in order disables this app, not the daemon. */
  async load(appId: string): Promise<void> {
    try {
      await this.#read(appId);
    } catch (error) {
      this.#disable(appId, error);
    }
  }

  async #read(appId: string): Promise<void> {
    const folder = this.#paths.app(appId);
    const recordText = await readText(join(folder, RECORD_FILE));
    const formerText = await readText(join(folder, FORMER_FILE));
    const parsed = typeof recordText === 'string' ? parseRecord(recordText, appId) : undefined;
    const former = typeof formerText === 'string' ? parseFormer(formerText, appId) : undefined;
    const wasCutOff = await this.#cleanUp(folder, { hasRecord: recordText !== undefined });
    if (parsed !== undefined && typeof recordText === 'string') {
      await alignCredentials(join(folder, CREDENTIALS_FILE), parsed.record).catch(() => {
        this.#log.warn('app.credentialsStale', { appId });
      });
      // A crash in the middle of an update explains another manifest; without one, somebody edited it.
      // Where that cannot be written, as on a full disk, the app stays out: its files are not intact.
      if (wasCutOff) {
        const path = join(folder, MANIFEST_FILE);
        await writeAtomically(path, parsed.manifestBytes).catch(() => undefined);
      }
      this.#installed.set(appId, {
        ...parsed,
        seals: sealFiles(folder, parsed.record, recordText),
      });
      if (!this.isManifestIntact(appId)) this.#log.warn('app.manifestChanged', { appId });
    } else if (former !== undefined && recordText === undefined) this.#former.set(appId, former);
    else if (recordText !== undefined || formerText !== undefined) this.#disable(appId);
  }

  #disable(appId: string, error?: unknown): void {
    this.#installed.delete(appId);
    this.#former.delete(appId);
    this.#damaged.set(appId, undefined);
    const why = error === undefined ? {} : describeError(error);
    this.#log.warn('app.recordDamaged', { appId, ...why });
  }

  find(appId: string): AppRecord | undefined {
    return this.#installed.get(appId)?.record;
  }

  list(): readonly AppRecord[] {
    return [...this.#installed.values()]
      .map(({ record }) => record)
      .sort((left, right) => (left.appId < right.appId ? -1 : 1));
  }

  findFormer(appId: string): FormerApp | undefined {
    return this.#former.get(appId);
  }

  isDamaged(appId: string): boolean {
    return this.#damaged.has(appId);
  }

  listDamaged(): readonly string[] {
    return [...this.#damaged.keys()].sort();
  }

  isManifestIntact(appId: string): boolean {
    if (!isAppId(appId)) return false;
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
      if (replaces !== undefined && replaces.record !== this.find(record.appId)) {
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
      const installed = this.#installed.get(appId);
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
      if (record === undefined && !this.#damaged.has(appId)) throw notInstalled();
      // Gone for every check from here on, whatever the disk says next; who signed it is known for another try.
      this.#installed.delete(appId);
      this.#damaged.set(appId, record);
      this.#announce(appId, undefined);
      await this.#leaveFormer(
        folder,
        record === undefined ? { appId, ...NOBODY } : toFormerApp(record),
      );
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
      if (this.#installed.has(appId)) throw new RpcError('Conflict', 'That app is installed.');
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

  #adopt(installed: Installed): void {
    this.#installed.set(installed.record.appId, installed);
    this.#announce(installed.record.appId, installed.record);
  }

  /**
   * Removes what a crash left: half-written files, and keys of an installation that did not happen. True
   * when the record was about to be replaced.
   */
  async #cleanUp(folder: string, { hasRecord }: { readonly hasRecord: boolean }): Promise<boolean> {
    let wasCutOff = false;
    for (const name of await readdir(folder)) {
      const isOrphan = name === CREDENTIALS_FILE && !hasRecord;
      const isLeftover = LEFTOVER.test(name);
      wasCutOff ||= isLeftover && name.startsWith(`${RECORD_FILE}.`);
      if (isOrphan || isLeftover) await removeTree(join(folder, name));
    }
    return wasCutOff;
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

/** Of a record that cannot be read: no package is signed by nobody. */
const NOBODY = {
  signer: { id: 'unknown', words: 'a signer that its damaged record no longer names' },
  version: '0.0.0',
};

function toFormerApp(record: AppRecord): FormerApp {
  const { appId, signer, manifest } = record;
  const { id, words } = signer;
  return {
    appId,
    signer: { id, words },
    version: manifest.version,
    standing: standingOf(record),
  };
}

/** What the user decided so far about an installed app. */
export function standingOf(record: AppRecord): Standing {
  const { manifestDigest, manifest, approved, grants, expansion } = record;
  return { manifestDigest, asked: rightsOf(manifest), approved, grants, expansion };
}

function sealFiles(folder: string, record: AppRecord, recordText: string): FileSeal[] {
  return [
    createFileSeal(join(folder, MANIFEST_FILE), record.manifestDigest),
    createFileSeal(join(folder, RECORD_FILE), digestOf(Buffer.from(recordText))),
  ];
}

/** The content, undefined when absent, null when it cannot be read as a text of sane size. */
async function readText(path: string): Promise<string | null | undefined> {
  const opened = await openRegularFile(path);
  if (opened === 'absent') return undefined;
  if (opened === 'not a regular file') return null;
  await using file = opened;
  const bytes = await readBounded(file, MAX_RECORD_BYTES);
  return bytes === undefined ? null : Buffer.from(bytes).toString('utf8');
}

async function listAppFolders(apps: string): Promise<string[]> {
  const found: string[] = [];
  for (const publisher of await listFolders(apps)) {
    for (const name of await listFolders(join(apps, publisher))) found.push(`${publisher}/${name}`);
  }
  return found.filter((appId) => isAppId(appId));
}

async function listFolders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
