import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAppId, MANIFEST_FILE, parseStrictJson, RpcError } from '@locara/protocol';
import * as z from 'zod';
import type { Log } from '../log.ts';
import type { Paths } from '../paths.ts';
import { parseRecord, renderRecord } from './app-record-file.ts';
import type { AppFiles, AppRecord, AppRegistry, FormerApp } from './app-registry.ts';
import { alignCredentials } from './credentials-file.ts';
import { type InstalledManifest, stampOf, watchManifest } from './installed-manifest.ts';
import { openRegularFile, readBounded } from '../files/read-bounded.ts';
import { createTaskQueue } from './task-queue.ts';
import { LEFTOVER, replaceFiles, writeAtomically } from '../files/write-atomically.ts';

export const CREDENTIALS_FILE = 'credentials.json';
const RECORD_FILE = 'app.json';
const FORMER_FILE = 'former.json';
const MAX_RECORD_BYTES = 1024 * 1024;

const StoredFormer = z.strictObject({
  version: z.literal(1),
  signerId: z.string().min(1),
  appVersion: z.string().min(1),
});

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
}
type Listener = Parameters<AppRegistry['onChange']>[0];

class FileAppRegistry implements AppRegistry {
  readonly #paths: AppRegistryOptions['paths'];
  readonly #log: AppRegistryOptions['log'];
  readonly #installed = new Map<string, Installed>();
  readonly #manifests = new Map<string, InstalledManifest>();
  readonly #former = new Map<string, FormerApp>();
  readonly #damaged = new Set<string>();
  readonly #listeners = new Set<Listener>();
  readonly #inTurn = createTaskQueue();

  constructor({ paths, log }: AppRegistryOptions) {
    this.#paths = paths;
    this.#log = log;
  }

  async load(appId: string): Promise<void> {
    const folder = this.#paths.app(appId);
    const recordText = await readText(join(folder, RECORD_FILE));
    const formerText = await readText(join(folder, FORMER_FILE));
    const installed = typeof recordText === 'string' ? parseRecord(recordText, appId) : undefined;
    const former = typeof formerText === 'string' ? parseFormer(formerText, appId) : undefined;
    await this.#cleanUp(folder, { hasRecord: recordText !== undefined });
    if (installed !== undefined) {
      await alignCredentials(join(folder, CREDENTIALS_FILE), installed.record).catch(() => {
        this.#log.warn('app.credentialsStale', { appId });
      });
      this.#hold(installed);
    } else if (former !== undefined && recordText === undefined) this.#former.set(appId, former);
    else if (recordText !== undefined || formerText !== undefined) {
      this.#damaged.add(appId);
      this.#log.warn('app.recordDamaged', { appId });
    }
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
    return [...this.#damaged].sort();
  }

  put(record: AppRecord, { manifestBytes, credentials, replaces }: AppFiles): Promise<void> {
    return this.#inTurn(async () => {
      if (replaces !== undefined && replaces.record !== this.find(record.appId)) {
        throw new RpcError('Conflict', 'The app was changed meanwhile; install it again.', {
          details: { rule: 'app_changed' },
        });
      }
      await this.#commit({ record, manifestBytes }, credentials);
    });
  }

  update(
    appId: string,
    change: (record: AppRecord) => AppRecord,
    { isNarrowing = false }: { readonly isNarrowing?: boolean } = {},
  ): Promise<AppRecord> {
    return this.#inTurn(async () => {
      const installed = this.#installed.get(appId);
      if (installed === undefined) throw notInstalled();
      const record = change(installed.record);
      try {
        await this.#commit({ ...installed, record });
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
      const installed = this.#installed.get(appId);
      if (installed === undefined && !this.#damaged.has(appId)) throw notInstalled();
      // Gone for every check from here on, whatever the disk says next.
      this.#installed.delete(appId);
      this.#manifests.delete(appId);
      this.#damaged.add(appId);
      this.#announce(appId, undefined);
      // Everything else goes first, also what a crash may have left: it makes room on a full disk.
      for (const name of await readdir(folder)) {
        if (name === FORMER_FILE || name === RECORD_FILE) continue;
        await rm(join(folder, name), { recursive: true, force: true });
      }
      // A damaged record names no signer: nobody gets what it left until that is wiped.
      const { signer, manifest } = installed?.record ?? {};
      await this.#keepSigner({
        appId,
        signerId: signer?.id ?? 'unknown',
        version: manifest?.version ?? '0.0.0',
      });
      await rm(join(folder, RECORD_FILE), { recursive: true, force: true });
      this.#damaged.delete(appId);
    });
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

  isManifestIntact(appId: string): boolean {
    if (!isAppId(appId)) return false;
    const manifest = this.#manifests.get(appId);
    if (manifest !== undefined) return manifest.isIntact();
    // What is not installed is looked for all the same: the time must not tell the one from the other.
    stampOf(join(this.#paths.app(appId), MANIFEST_FILE));
    return false;
  }

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #commit(installed: Installed, credentials?: string): Promise<void> {
    const { record, manifestBytes } = installed;
    const folder = this.#folderOf(record.appId);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await replaceFiles([
      ...(credentials === undefined
        ? []
        : [{ path: join(folder, CREDENTIALS_FILE), content: credentials }]),
      // locara.json is there to be read by people; app.json decides.
      { path: join(folder, MANIFEST_FILE), content: manifestBytes },
      { path: join(folder, RECORD_FILE), content: renderRecord(record, manifestBytes) },
    ]);
    await rm(join(folder, FORMER_FILE), { force: true });
    this.#former.delete(record.appId);
    this.#damaged.delete(record.appId);
    this.#adopt(installed);
  }

  #adopt(installed: Installed): void {
    this.#hold(installed);
    this.#announce(installed.record.appId, installed.record);
  }

  #hold(installed: Installed): void {
    const { appId, manifestDigest } = installed.record;
    const manifest = watchManifest(join(this.#paths.app(appId), MANIFEST_FILE), manifestDigest);
    this.#installed.set(appId, installed);
    this.#manifests.set(appId, manifest);
    // Read now: the first proof of an app must take as long as any other.
    manifest.isIntact();
  }

  /** Removes what a crash left: half-written files, and keys of an installation that did not happen. */
  async #cleanUp(folder: string, { hasRecord }: { readonly hasRecord: boolean }): Promise<void> {
    for (const name of await readdir(folder)) {
      const isOrphan = name === CREDENTIALS_FILE && !hasRecord;
      if (isOrphan || LEFTOVER.test(name)) await rm(join(folder, name), { force: true });
    }
  }

  async #keepSigner(former: FormerApp): Promise<void> {
    const { appId, signerId, version } = former;
    const stored: z.input<typeof StoredFormer> = { version: 1, signerId, appVersion: version };
    const path = join(this.#folderOf(appId), FORMER_FILE);
    await writeAtomically(path, `${JSON.stringify(stored)}\n`);
    this.#former.set(appId, former);
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

export function notInstalled(): RpcError {
  return new RpcError(
    'NotFound',
    'No such app is installed: `locara app list` names those that are.',
  );
}

function parseFormer(text: string, appId: string): FormerApp | undefined {
  try {
    const { signerId, appVersion } = StoredFormer.parse(parseStrictJson(Buffer.from(text)));
    return { appId, signerId, version: appVersion };
  } catch {
    return undefined;
  }
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
