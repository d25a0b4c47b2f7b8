import { nameSharing, type Sharing } from '@locara/protocol';
import type { AppRegistry } from '../access/apps/app-registry.ts';
import type { AppStores } from '../stores/app-stores.ts';
import { nameSharedStore } from '../stores/sharing/shared-stores.ts';

/** What an app shares with others, as its user sees it; nothing of an app that is not installed. */
export function describeSharing(
  deps: {
    readonly registry: Pick<AppRegistry, 'find'>;
    readonly stores: Pick<AppStores, 'sharingsOf' | 'diskUse'>;
  },
  appId: string,
): Sharing[] {
  const grants = deps.registry.find(appId)?.grants ?? [];
  return deps.stores.sharingsOf(appId).map((declared) => {
    const { app, collection, access, share } = declared;
    const { id } = nameSharedStore([appId, app], collection);
    const { databaseBytes, logBytes } = deps.stores.diskUse(id);
    const isRevoked = grants.some(
      ({ capability, state }) => capability === nameSharing(declared) && state !== 'granted',
    );
    const state = isRevoked ? 'revoked' : share === undefined ? 'waiting' : 'shared';
    return { app, collection, access, state, bytes: databaseBytes + logBytes };
  });
}
