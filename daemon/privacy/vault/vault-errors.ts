import { RpcError } from '@locara/protocol';

/** One answer for whatever does not open: which part did not fit helps nobody but an attacker. */
export function sealed(): RpcError {
  return new RpcError(
    'Conflict',
    'It does not open: the key, the passphrase, the app, the context or the type is another, or it was changed.',
    { details: { rule: 'sealed' } },
  );
}

export function vaultLocked(): RpcError {
  return new RpcError('Conflict', 'The key is locked: unlock the database in this session first.', {
    details: { rule: 'vault_locked' },
  });
}

export function vaultDisabled(): RpcError {
  const message =
    'The encryption of this database was disabled: call vault.initialize to begin anew.';
  return new RpcError('Conflict', message, { details: { rule: 'vault_disabled' } });
}

/** Params that fit their schema and make no sense together. */
export function unfit(rule: string, message: string): RpcError {
  return new RpcError('InvalidParams', message, { details: { rule } });
}
