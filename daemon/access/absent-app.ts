import { RpcError } from '@locara/protocol';
import type { AppRegistry } from './app-registry.ts';

/** Nobody can say who signed a damaged record, so nobody gets its data; a good copy of the file brings it back. */
export function damagedRemedy(appId: string): string {
  return `put its app.json back from a backup and restart locarad, or give up its data with \`locara app uninstall ${appId} --wipe\` and install it again`;
}

/** Why there is no record of that app to work on: `NotFound`, or `Conflict` when the one on disk is damaged. */
export function explainAbsence(registry: Pick<AppRegistry, 'isDamaged'>, appId: string): RpcError {
  return registry.isDamaged(appId) ? recordDamaged(appId) : notInstalled();
}

export function recordDamaged(appId: string): RpcError {
  const message = `The record of this app on the disk is damaged, so that the app is disabled: ${damagedRemedy(appId)}.`;
  return new RpcError('Conflict', message, { details: { rule: 'record_damaged' } });
}

export function notInstalled(): RpcError {
  return new RpcError(
    'NotFound',
    'No such app is installed: `locara app list` names those that are.',
  );
}
