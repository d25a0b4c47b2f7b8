import {
  DEFAULT_DELTA,
  type MethodName,
  type Params,
  type PrivacyCost,
  type Result,
} from '@locara/protocol';
import type { Audit } from '../audit/audit.ts';
import type { Budgets, UnitCost } from '../privacy/budget/budgets.ts';
import { costOfEpsilon, costOfRho } from '../privacy/budget/micro-units.ts';
import { epsilonOfGaussianRho } from '../privacy/noise/accounting/gaussian-dp.ts';
import type { HandlersOf, SessionCall } from '../rpc/handler.ts';

type BudgetMethod = Extract<MethodName, `privacy.budget.${string}`>;

export interface PrivacyBudgetDeps {
  readonly budgets: Budgets;
  readonly audit: Pick<Audit, 'effect'>;
}

/** `privacy.budget.*`: what the app allows itself to tell, kept where it cannot change it. */
export function privacyBudgetHandlers(deps: PrivacyBudgetDeps): HandlersOf<BudgetMethod> {
  const { budgets } = deps;
  return {
    'privacy.budget.create': ({ budget, ...terms }, { session }) =>
      budgets.create(session.appId, budget, terms),
    'privacy.budget.get': ({ budget, subject }, { session }) =>
      budgets.get(session.appId, budget, subject),
    'privacy.budget.list': (page, { session }) => budgets.list(session.appId, page),
    'privacy.budget.charge': (asked, call) => charge(deps, asked, call),
  };
}

async function charge(
  { budgets, audit }: PrivacyBudgetDeps,
  { budget, subject, epsilon, rho, records }: Params<'privacy.budget.charge'>,
  { session: { appId } }: SessionCall,
): Promise<Result<'privacy.budget.charge'>> {
  const unit = epsilon === undefined ? costOfRho(rho ?? 0) : costOfEpsilon(epsilon);
  const state = await budgets.charge(appId, { budget, subject, unit, records });
  const counts = { records, microRho: unit.microRho * records };
  audit.effect({ appId, method: 'privacy.budget.charge', step: 'dp', counts });
  return { cost: describeCost(unit, records, state.delta), state };
}

function describeCost(
  { microRho, microEpsilon }: UnitCost,
  records: number,
  delta = DEFAULT_DELTA,
): PrivacyCost {
  const rho = microRho / 1e6;
  if (microEpsilon !== undefined) return { rho, epsilon: microEpsilon / 1e6, delta: 0, records };
  return { rho, epsilon: epsilonOfGaussianRho(rho, delta), delta, records };
}
