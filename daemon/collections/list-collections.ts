import type { Result } from '@locara/protocol';
import type { SessionCall } from '../rpc/handler.ts';
import type { AppStores } from '../stores/app-stores.ts';
import { createCallStore } from './store-call.ts';

/** The app's own, without those whose names it declares to share; and the shared ones that there are. */
export async function listCollections(
  stores: AppStores,
  call: SessionCall,
): Promise<Result<'collections.list'>> {
  const { session } = call;
  const own = await createCallStore(stores.forApp(session), call).read('listCollections', {});
  const shared = await Promise.all(
    stores.openShares(session).map(async ({ app, collection: name, access, worker }) => {
      const { collections } = await createCallStore(worker, call).read('listCollections', {});
      return collections
        .filter(({ collection }) => collection === name)
        .map((collection) => ({ ...collection, shared: { app, access } }));
    }),
  );
  const isOwn = (collection: string): boolean => !stores.declaresShare(session.appId, collection);
  return {
    collections: [
      ...own.collections.filter(({ collection }) => isOwn(collection)),
      ...shared.flat(),
    ].toSorted((left, right) => (left.collection < right.collection ? -1 : 1)),
  };
}
