import { RpcError } from '@locara/protocol';
import type { AppRegistry } from './app-registry.ts';

/** Why an app is not found: nothing of it is there, or what is there cannot be read. */
export function whyAbsent(registry: Pick<AppRegistry, 'isDamaged'>, appId: string): RpcError {
  return registry.isDamaged(appId) ? recordDamaged(appId) : notInstalled();
}

export function recordDamaged(appId: string): RpcError {
  const words = `That app is being uninstalled, or its record is damaged or of another version of Locara, so nobody knows its rights. Look again; if it stays so, ${damagedRemedy(appId)}.`;
  return new RpcError('Conflict', words, { details: { rule: 'record_damaged' } });
}

/** Nobody can say who signed it, so nobody gets its data; a good copy of the file brings both back. */
export function damagedRemedy(appId: string): string {
  return `put its app.json back from a backup and restart locarad, or run locara app uninstall ${appId} --wipe, which removes its data too, and install it again`;
}

export function notInstalled(): RpcError {
  return new RpcError(
    'NotFound',
    'No such app is installed: `locara app list` names those that are.',
  );
}
