import { bisect, bracket } from './bisect.ts';

/** The epsilon at `delta` that `rho` implies: the infimum over α > 1 of αρ + ln((α-1)/α) - (ln δ + ln α)/(α-1). */
export function zcdpEpsilon(rho: number, delta: number): number {
  if (rho === 0) return 0;
  const isPastLeast = (x: number): boolean => x * x * rho + Math.log(delta) + Math.log1p(x) >= 0;
  const x = bisect(bracket(1, isPastLeast), isPastLeast);
  const epsilon = (x + 1) * rho - Math.log1p(1 / x) - (Math.log(delta) + Math.log1p(x)) / x;
  return Math.max(0, epsilon);
}

/** The most rho that stays within (epsilon, delta); rounded down. */
export function zcdpRho(epsilon: number, delta: number): number {
  const isTooMuch = (rho: number): boolean => zcdpEpsilon(rho, delta) > epsilon;
  const above = bisect(bracket(1, isTooMuch), isTooMuch);
  return above * (1 - Number.EPSILON);
}
