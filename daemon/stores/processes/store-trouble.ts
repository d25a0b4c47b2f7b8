import type { RpcError } from '@locara/protocol';

const RULES = new Set(['store_damaged', 'store_missing', 'store_rolled_back']);

/** A store that is held back until the user does something about it, by a command. */
export function isStoreTrouble({ reason, details }: RpcError): boolean {
  return reason === 'Unavailable' && RULES.has(String(details?.['rule']));
}

/** What the user can do about it, as a command; undefined where nothing but waiting helps. `name` is the store's there. */
export function commandFor(error: RpcError, name: string): string | undefined {
  const { reason, details } = error;
  if (reason !== 'Unavailable') return undefined;
  if (typeof details?.['command'] === 'string') return details['command'];
  const rule = String(details?.['rule']);
  if (isStoreTrouble(error) || rule.startsWith('key_')) return `locara app data check ${name}`;
  return rule.startsWith('master_') ? 'locara doctor' : undefined;
}
