import { RpcError } from '@locara/protocol/errors';
import type { VerificationRule } from './ops.ts';

/** The one error of this worker; the daemon, which knows the sentences, reads the rule alone. */
export function refuse(rule: VerificationRule): RpcError {
  return new RpcError('Unauthenticated', 'The bundle was refused.', { details: { rule } });
}

/** Whatever goes wrong inside is that rule, unless it was refused by name already. */
export function refusingAs<Result>(rule: VerificationRule, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw error instanceof RpcError ? error : refuse(rule);
  }
}
