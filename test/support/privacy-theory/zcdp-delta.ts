import { bisect, bracket } from '../../../daemon/privacy/noise/accounting/bisect.ts';

/**
 * The delta at `epsilon` that `rho` implies: the infimum over α > 1 of
 * exp((α-1)(αρ-ε)) (1-1/α)^α / (α-1). Every α gives a true bound, so that of a near one is safe.
 */
export function zcdpDelta(rho: number, epsilon: number): number {
  const isPastLeast = (x: number): boolean => (2 * x + 1) * rho - epsilon - Math.log1p(1 / x) >= 0;
  const x = bisect(bracket(1, isPastLeast), isPastLeast);
  const exponent = x * ((x + 1) * rho - epsilon) - (x + 1) * Math.log1p(1 / x) - Math.log(x);
  return Math.min(1, Math.exp(exponent));
}
