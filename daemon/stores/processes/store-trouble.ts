import type { RpcError } from '@locara/protocol';

const RULES = new Set(['store_damaged', 'store_missing', 'store_rolled_back']);

/** A store that is held back until the user does something about it, by a command. */
export function isStoreTrouble({ reason, details }: RpcError): boolean {
  return reason === 'Unavailable' && RULES.has(String(details?.['rule']));
}
