import { RpcError } from '@locara/protocol';

/** A release that does not fit into what is left of a budget: nothing was released, nothing was charged. */
export class PrivacyBudgetExhaustedError extends Error {
  override readonly name = 'PrivacyBudgetExhaustedError';
  /** What is left for a smaller release; absent where the daemon does not say. */
  readonly remainingEpsilon: number | undefined;
  declare readonly cause: RpcError;

  constructor(cause: RpcError) {
    super(cause.message, { cause });
    const epsilon = cause.details?.['epsilon'];
    this.remainingEpsilon = typeof epsilon === 'number' ? epsilon : undefined;
  }
}

/** The answer of a call that charges a budget. Throws PrivacyBudgetExhaustedError in place of the daemon's refusal. */
export async function withinBudget<Result>(call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RpcError && error.details?.['rule'] === 'privacy_budget') {
      throw new PrivacyBudgetExhaustedError(error);
    }
    throw error;
  }
}
