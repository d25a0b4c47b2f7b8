import { RpcError } from '@locara/protocol';
import { isFullDisk } from '../../files/write-atomically.ts';
import { LedgerDamaged } from './ledger-lines.ts';

const DAMAGED = 'ledger_damaged';

/** What a caller is told of a ledger that cannot be read or written; why is in the log. */
export function toRefusal(error: unknown): RpcError {
  if (error instanceof LedgerDamaged) {
    const message =
      'The record of what this app told under differential privacy is damaged, so nothing more is released. To begin anew, the user runs: locara privacy reset <app> --all';
    return new RpcError('Unavailable', message, { details: { rule: DAMAGED }, cause: error });
  }
  const message = 'This release cannot be recorded, so it is refused: see the daemon log for why.';
  return isFullDisk(error)
    ? new RpcError('InsufficientResources', message, { details: { resource: 'disk' } })
    : new RpcError('Unavailable', message, { details: { state: 'privacy_ledger' } });
}

/** True for what `toRefusal` makes of a damaged ledger. */
export function isDamageRefusal(error: unknown): boolean {
  return error instanceof RpcError && error.details?.['rule'] === DAMAGED;
}

export function otherTerms(): RpcError {
  const message = 'There is a budget of this name with other terms: they cannot be changed.';
  return new RpcError('Conflict', message, { details: { rule: 'budget_terms' } });
}
