import { existsSync } from 'node:fs';
import { isAppId, LIMITS, RpcError, type StoreFill } from '@locara/protocol';
import type { Session } from '../access/session.ts';
import type { StoreOps } from '../workers/store/ops.ts';
import type { Worker, WorkerStatus } from '../workers/worker.ts';
import { measureDiskUse, measureStoreFiles, type StoreDiskUse } from './filling/disk-use.ts';
import { noSuchCollection } from './collections/collection-rows.ts';
import {
  createOpenStores,
  type OpenStores,
  type OpenStoresOptions,
  type StoreSettings,
} from './open-stores.ts';
import type { FillingStore } from './filling/filling-stores.ts';
import { createSharedStoreList } from './sharing/shared-store-list.ts';
import type { DeclaredShare, Share, SharedStore, Sharing } from './sharing/shared-stores.ts';
import { createTimeBudgets, type TimeBudgets } from './processes/time-budget.ts';
import { toFill } from './filling/watch-filling.ts';

const BYTES_PER_MB = 1024 * 1024;

/** Time budgets per call, `timeoutMs` of `worker.call`; an open transaction rolls back. */
export const STORE_BUDGETS_MS = {
  read: 5000,
  write: 10_000,
  batch: 60_000,
  migrate: 120_000,
  copy: 600_000,
};

/** Whose store, and as far as the user approved it, how large. */
type Owner = Pick<Session, 'appId' | 'manifest'>;

/** A shared collection as one of its apps sees it. */
export interface OpenShare extends Pick<Share, 'app' | 'collection' | 'access'> {
  readonly worker: Worker<StoreOps>;
}

/** Every app's own encrypted store, and those that belong to a pair of apps. */
export interface AppStores {
  /** Throws Busy while it is being wiped. Its calls answer Unavailable when the key is lost or locked. */
  forApp(session: Owner): Worker<StoreOps>;
  /**
   * Where that collection of the app's is: its own store, or the one it shares with another app. Throws
   * NotFound while a declared sharing does not hold, CapabilityDenied to write where the app may only read.
   */
  storeFor(session: Owner, collection: string, access: 'read' | 'write'): Worker<StoreOps>;
  /** The sharings of the app that its manifest declares: those names are never its own store's. */
  declaresShare(appId: string, collection: string): boolean;
  /** The shared collections' stores that exist. */
  openShares(session: Owner): readonly OpenShare[];
  /** What the store takes on disk, its log included, without starting its process; 0 before its first use. */
  usage(session: Owner): { readonly bytes: number; readonly limitBytes: number };
  /** The same as the process told it last, where it did: room that was freed is not counted then. */
  fillOf(owner: Owner): StoreFill;
  diskUse(id: string): StoreDiskUse;
  /** For the user's own eyes: undefined where there is no such store. */
  openForUser(id: string, quotaBytes: number): Worker<StoreOps> | undefined;
  /** What the app's manifest declares to share, in force or not. */
  sharingsOf(appId: string): readonly DeclaredShare[];
  /** The stores of pairs that there are of this app, also of sharings that ended. */
  sharedStoresOf(appId: string): readonly SharedStore[];
  onFilling(listener: (filling: FillingStore) => void): void;
  /** A new data key for the store, its quota as it is while it is open; throws NotFound where there is none. */
  rotateKey(store: StoreSettings): Promise<void>;
  /** Takes a file that was put back, older than the last seen, on the user's word. */
  acceptOlder(id: string): Promise<void>;
  /** Whether there is anything of that store, its file or not. */
  has(id: string): boolean;
  close(appId: string): Promise<void>;
  /** Destroys the key, then the files; a pair's store with the last of both. */
  wipe(appId: string): Promise<void>;
  status(): readonly WorkerStatus[];
  closeAll(): Promise<void>;
}

export interface AppStoresOptions extends OpenStoresOptions {
  /** Without it no app shares anything. */
  readonly sharing?: Sharing;
  /** Whether anything of that app is left, installed or not: then it keeps what it shares. */
  readonly isKnown?: (appId: string) => boolean;
}

export function createAppStores(options: AppStoresOptions): AppStores {
  const { paths, log } = options;
  const stores = createOpenStores(options);
  const budgets = createTimeBudgets<StoreOps>();
  const forApp: AppStores['forApp'] = ({ appId, manifest }) => {
    assertAppId(appId);
    return budgets.limit(appId, stores.open({ ...settingsOf({ appId, manifest }), apps: [appId] }));
  };
  const { wipeOf, ...shared } = createPairStores(options, { stores, budgets, forApp });
  const bytesOf = (appId: string): number => {
    assertAppId(appId);
    return measureStoreFiles(paths.store(appId));
  };
  return {
    forApp,
    ...shared,
    usage: ({ appId, manifest }) => ({ bytes: bytesOf(appId), limitBytes: quotaOf(manifest) }),
    fillOf: ({ appId, manifest }) => {
      const limitBytes = quotaOf(manifest);
      const told = stores.lastFill(appId);
      return told?.limitBytes === limitBytes ? told : toFill(bytesOf(appId), limitBytes);
    },
    diskUse: (id) => measureDiskUse(paths.store(id)),
    openForUser: stores.openExisting,
    rotateKey: stores.rotateKey,
    acceptOlder: stores.acceptOlder,
    has: (id) => existsSync(paths.store(id)),
    onFilling: stores.onFilling,
    close: stores.close,
    wipe: async (appId) => {
      assertAppId(appId);
      await stores.destroy(appId);
      await wipeOf(appId);
      log.info('store.wiped', { appId });
    },
    status: stores.status,
    closeAll: stores.closeAll,
  };
}

type PairStores = Pick<
  AppStores,
  'storeFor' | 'declaresShare' | 'openShares' | 'sharingsOf' | 'sharedStoresOf'
>;

/** The stores that belong to two apps, and which of an app's collections are in them. */
function createPairStores(
  { paths, sharing, isKnown = () => false }: AppStoresOptions,
  {
    stores,
    budgets,
    forApp,
  }: {
    readonly stores: OpenStores;
    readonly budgets: TimeBudgets<StoreOps>;
    readonly forApp: AppStores['forApp'];
  },
): PairStores & { readonly wipeOf: (appId: string) => Promise<void> } {
  const noted = createSharedStoreList(paths);
  const openShare = (share: Share): Worker<StoreOps> => {
    const { id, apps, collection, manifests } = share;
    noted.add(share);
    const quotaBytes = Math.min(...manifests.map(quotaOf));
    return stores.open({ id, quotaBytes, apps, collection });
  };
  sharing?.onEnded((ids) => {
    for (const id of ids) void stores.close(id);
  });
  return {
    storeFor: (session, collection, access) => {
      const declared = sharing?.find(session.appId, collection);
      if (declared === undefined) return forApp(session);
      // As if nobody had made it: whether the other app is there is not for this one to know.
      if (declared.share === undefined) throw noSuchCollection();
      if (access === 'write' && declared.share.access === 'read') throw readOnly();
      return budgets.limit(session.appId, openShare(declared.share));
    },
    declaresShare: (appId, collection) => sharing?.find(appId, collection) !== undefined,
    openShares: ({ appId }) =>
      (sharing?.list(appId) ?? []).flatMap(({ share }) => {
        if (share === undefined || !stores.exists(share.id)) return [];
        const { app, collection, access } = share;
        return [{ app, collection, access, worker: openShare(share) }];
      }),
    sharingsOf: (appId) => sharing?.list(appId) ?? [],
    sharedStoresOf: noted.of,
    wipeOf: async (appId) => {
      for (const shared of noted.of(appId)) {
        if (shared.apps.some((app) => app !== appId && isKnown(app))) continue;
        await stores.destroy(shared.id);
        noted.remove(shared);
      }
    },
  };
}

function settingsOf({ appId, manifest }: Owner): StoreSettings {
  const isBackedUp = manifest.storage.backups.enabled;
  return { id: appId, quotaBytes: quotaOf(manifest), isBackedUp };
}

/** In bytes. */
export function quotaOf({
  storage,
}: {
  readonly storage: { readonly quota_mb?: number | undefined };
}): number {
  return (storage.quota_mb ?? LIMITS.defaultStoreQuotaMb) * BYTES_PER_MB;
}

function assertAppId(appId: string): void {
  if (!isAppId(appId)) throw new RpcError('NotFound', 'There is no such app.');
}

function readOnly(): RpcError {
  return new RpcError('CapabilityDenied', 'This app may only read the shared collection.', {
    details: { declaredBy: 'capabilities.ipc' },
  });
}
