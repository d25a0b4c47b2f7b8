import { RpcError } from '@locara/protocol';
import type { AppRecord, AppRegistry } from './apps/app-registry.ts';

/**
 * Keeps the key that a macOS app made in its own container; sessions of the one before end. Throws an RpcError
 * when the app is no longer what was examined.
 */
export async function enrollKey(
  registry: Pick<AppRegistry, 'update'>,
  examined: AppRecord,
  publicKey: Uint8Array,
): Promise<void> {
  if (Buffer.compare(publicKey, examined.installPublicKey) === 0) return;
  await registry.update(examined.appId, (record) => {
    if (record.manifestDigest !== examined.manifestDigest || record.revoked) {
      throw new RpcError('Conflict', 'The app was changed meanwhile.');
    }
    return { ...record, installPublicKey: publicKey };
  });
}
