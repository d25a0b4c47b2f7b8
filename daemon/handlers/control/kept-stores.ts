import { isAppId, RpcError } from '@locara/protocol';
import { notInstalled } from '../../access/apps/absent-app.ts';
import type { AppRegistry } from '../../access/apps/app-registry.ts';
import type { RightsReader } from '../../access/rights/effective-rights.ts';
import { type AppStores, quotaOf } from '../../stores/app-stores.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import type { Worker } from '../../workers/worker.ts';

/** The user's own calls take turns with those of the app. */
export const USER = 'user';

/** Where apps and their data are looked up. */
export interface KeptStoresDeps {
  readonly registry: Pick<AppRegistry, 'find' | 'findFormer' | 'isDamaged'>;
  readonly stores: AppStores;
  readonly readRights: RightsReader;
}

/** An app as far as its data is concerned. */
export interface DataOwner {
  readonly state: 'installed' | 'uninstalled' | 'damaged';
  readonly quotaBytes: number;
}

/** Data that the user names: an app's own, or a collection that it shares. */
export interface KeptStore {
  /** Of the store. */
  readonly id: string;
  readonly quotaBytes: number;
  /** Throws NotFound where it went meanwhile. */
  readonly open: () => Worker<StoreOps>;
}

/** Whatever became of the app; throws NotFound for one that left nothing here. */
export function findOwner(
  { registry, readRights, stores }: KeptStoresDeps,
  appId: string,
): DataOwner {
  if (!isAppId(appId)) throw notInstalled();
  const record = registry.find(appId);
  if (record !== undefined) {
    const { manifest } = readRights(record, record.attestation);
    return { state: 'installed', quotaBytes: quotaOf(manifest) };
  }
  const former = registry.findFormer(appId);
  const isDamaged = registry.isDamaged(appId);
  if (former === undefined && !isDamaged && !stores.has(appId)) throw notInstalled();
  const storage = { quota_mb: former?.standing?.approved.quotaMb };
  return { state: isDamaged ? 'damaged' : 'uninstalled', quotaBytes: quotaOf({ storage }) };
}

/** The data is the user's, also of an app that is gone. Throws NotFound where there is none. */
export function findKeptStore(
  deps: KeptStoresDeps,
  { appId, collection }: { readonly appId: string; readonly collection?: string | undefined },
): KeptStore {
  const { stores } = deps;
  const { quotaBytes } = findOwner(deps, appId);
  const id = collection === undefined ? appId : findShared(stores, appId, collection);
  const what = collection === undefined ? 'keeps no data' : 'shares no such collection';
  const none = () => new RpcError('NotFound', `That app ${what}.`);
  if (id === undefined || !stores.has(id)) throw none();
  const open = (): Worker<StoreOps> => {
    const worker = stores.openForUser(id, quotaBytes);
    if (worker === undefined) throw none();
    return worker;
  };
  return { id, quotaBytes, open };
}

/** The one that its manifest declares now, else one that it shared before. */
function findShared(stores: AppStores, appId: string, collection: string): string | undefined {
  const partner = stores.sharingsOf(appId).find((entry) => entry.collection === collection)?.app;
  const known = stores.sharedStoresOf(appId).filter((entry) => entry.collection === collection);
  const declared = known.find(({ apps }) => partner !== undefined && apps.includes(partner));
  return (declared ?? known[0])?.id;
}
