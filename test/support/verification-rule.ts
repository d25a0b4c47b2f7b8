import { expect } from 'vitest';
import { RpcError } from '@locara/protocol';
import type { VerifyParams } from '../../daemon/workers/verify/ops.ts';
import { verifyStrictly } from '../../daemon/workers/verify/verify-strictly.ts';

/** `accepted`, or the rule of the one typed error; any other outcome fails the test. */
export function verdictOf(params: VerifyParams): unknown {
  try {
    verifyStrictly(params);
    return 'accepted';
  } catch (error) {
    return ruleOf(error);
  }
}

/** The rule of an `Unauthenticated`; anything else fails the test. */
export function ruleOf(error: unknown): unknown {
  expect(error).toBeInstanceOf(RpcError);
  const { reason, details } = error as RpcError;
  expect(reason).toBe('Unauthenticated');
  return details?.['rule'];
}
