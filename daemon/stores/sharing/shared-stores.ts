import { createHash } from 'node:crypto';
import type { AppManifest, SharedCollection } from '@locara/protocol';
import type { AppRecord, AppRegistry } from '../../access/apps/app-registry.ts';
import { createRightsReader } from '../../access/rights/effective-rights.ts';
import { type Blocks, toBlockSubject } from '../../access/trust/blocks.ts';

/** Among the stores of apps. No publisher's name begins with `_`, so no app can have that id. */
const SHARED_FOLDER = '_shared';

/** A collection that two apps have in common, in a store of the pair's own. */
export interface SharedStore {
  /** Names the store and its key; never an app's id. */
  readonly id: string;
  /** In their order. */
  readonly apps: readonly [string, string];
  readonly collection: string;
}

/** What one of the two may do with it now. */
export interface Share extends SharedStore {
  /** The other one. */
  readonly app: string;
  readonly access: SharedCollection['access'];
  /** The narrowed manifests of both, whose smaller quota holds. */
  readonly manifests: readonly [AppManifest, AppManifest];
}

/** A collection that an app declares to share: `share` is absent while one side is missing. */
export interface DeclaredShare extends SharedCollection {
  readonly share: Share | undefined;
}

/** Which collections of which apps are shared now. */
export interface Sharing {
  /** Undefined when the app declares no sharing of that name: the collection is its own. */
  find(appId: string, collection: string): DeclaredShare | undefined;
  list(appId: string): readonly DeclaredShare[];
  /** Told the ids of stores that are shared no longer, before anyone else learns of the change. */
  onEnded(listener: (ids: readonly string[]) => void): void;
}

type Declared = ReadonlyMap<string, DeclaredShare>;

/**
 * Worked out when an app first asks, and anew whenever an app or the revocation list changes, so that a call takes
 * the same one look-up whether the other app is there or not, and none finds a sharing that has ended.
 */
export function createSharing(
  registry: Pick<AppRegistry, 'find' | 'onChange'>,
  blocks: Blocks,
): Sharing {
  const readRights = createRightsReader(blocks);
  const rightsOf = (record: AppRecord): AppManifest | undefined =>
    record.revoked || blocks.find(toBlockSubject(record)) !== undefined
      ? undefined
      : readRights(record, record.attestation).manifest;
  const listeners: ((ids: readonly string[]) => void)[] = [];
  /** Of the apps that have asked: what nobody asked for is not in use, so its end concerns nobody. */
  const known = new Map<string, Declared>();
  const learn = (appId: string): Declared | undefined => {
    const declared = workOut(registry.find(appId), registry, rightsOf);
    if (declared === undefined) known.delete(appId);
    else known.set(appId, declared);
    return declared;
  };
  const declaredBy = (appId: string): Declared | undefined => known.get(appId) ?? learn(appId);
  const refresh = (): void => {
    const before = idsOf(known);
    for (const appId of [...known.keys()]) learn(appId);
    const after = idsOf(known);
    const ended = [...before].filter((id) => !after.has(id));
    if (ended.length > 0) for (const tell of listeners) tell(ended);
  };
  registry.onChange(refresh);
  blocks.onChange(refresh);
  return {
    find: (appId, collection) => declaredBy(appId)?.get(collection),
    list: (appId) => [...(declaredBy(appId)?.values() ?? [])],
    onEnded: (listener) => {
      listeners.push(listener);
    },
  };
}

/** What an app declares, by the collection's name; undefined when it is not installed. */
function workOut(
  record: AppRecord | undefined,
  registry: Pick<AppRegistry, 'find'>,
  rightsOf: (record: AppRecord) => AppManifest | undefined,
): Declared | undefined {
  if (record === undefined) return undefined;
  return new Map(
    record.manifest.capabilities.ipc.map((declared) => {
      const share = findShare({ record, declared }, registry, rightsOf);
      return [declared.collection, { ...declared, share }];
    }),
  );
}

/** Both name each other and the collection, the user agreed to both, and neither is revoked or blocked. */
function findShare(
  { record, declared }: { readonly record: AppRecord; readonly declared: SharedCollection },
  registry: Pick<AppRegistry, 'find'>,
  rightsOf: (record: AppRecord) => AppManifest | undefined,
): Share | undefined {
  const other = registry.find(declared.app);
  if (other === undefined || other.appId === record.appId) return undefined;
  const [mine, theirs] = [rightsOf(record), rightsOf(other)];
  const own = entryOf(mine, other.appId, declared.collection);
  const opposite = entryOf(theirs, record.appId, declared.collection);
  if (mine === undefined || theirs === undefined) return undefined;
  if (own === undefined || opposite === undefined) return undefined;
  const { access, collection } = own;
  const store = nameSharedStore([record.appId, other.appId], collection);
  return { ...store, app: other.appId, access, manifests: [mine, theirs] };
}

function entryOf(
  manifest: AppManifest | undefined,
  app: string,
  collection: string,
): SharedCollection | undefined {
  return manifest?.capabilities.ipc.find(
    (entry) => entry.app === app && entry.collection === collection,
  );
}

/** The same for both. */
export function nameSharedStore(pair: readonly [string, string], collection: string): SharedStore {
  const apps = pair.toSorted() as [string, string];
  const name = createHash('sha256')
    .update(JSON.stringify([...apps, collection]))
    .digest('hex');
  return { id: `${SHARED_FOLDER}/${name.slice(0, 40)}`, apps, collection };
}

function idsOf(table: ReadonlyMap<string, Declared>): Set<string> {
  const shares = [...table.values()].flatMap((declared) => [...declared.values()]);
  return new Set(shares.flatMap(({ share }) => (share === undefined ? [] : [share.id])));
}
