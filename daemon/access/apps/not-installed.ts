import { RpcError } from '@locara/protocol';

/** The one answer about an app that is not there, or whose id is none. */
export function notInstalled(): RpcError {
  return new RpcError(
    'NotFound',
    'No such app is installed: `locara app list` names those that are.',
  );
}
