import { RpcError } from '@locara/protocol';

export function unavailable(
  rule: string,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): RpcError {
  return new RpcError('Unavailable', message, { details: { rule, ...more } });
}

/** The user has to type the passphrase first. */
export function keysLocked(): RpcError {
  const command = 'locara keys unlock';
  return unavailable('keys_locked', `The keys of the stores are locked. Run: ${command}.`, {
    command,
  });
}

export function masterMissing(): RpcError {
  return unavailable(
    'master_key_missing',
    'The master key is missing, and a new one would not open the data. Put it back from a backup.',
  );
}

/** Whether an error is an Unavailable of ours with this rule. */
export function hasRule(error: unknown, rule: string): boolean {
  return error instanceof RpcError && error.details?.['rule'] === rule;
}
