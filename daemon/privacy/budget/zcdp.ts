import { fromMicroUnits, toMicroUnits } from './micro-units.ts';

const STEPS = 100;
/** More than the error of the floating-point numbers below, by far. */
const SLACK = 1e-12;

/**
 * The epsilon that rho-zCDP gives at delta: the least over alpha of
 * `alpha rho + ln((alpha-1)/alpha) - (ln delta + ln alpha)/(alpha-1)` (Canonne, Kamath, Steinke 2020). Its derivative
 * is `rho + ln(alpha delta)/(alpha-1)²`, which changes its sign once; every alpha gives a bound that holds.
 */
export function epsilonOfRho(rho: number, delta: number): number {
  if (rho === 0) return 0;
  const lnDelta = Math.log(delta);
  let low = 0;
  let high = Math.min(1 / delta - 1, Math.sqrt(-lnDelta / rho));
  for (let step = 0; step < STEPS; step += 1) {
    const above = (low + high) / 2;
    if (above ** 2 * rho + lnDelta + Math.log1p(above) < 0) low = above;
    else high = above;
  }
  // alpha - 1, which is all there is of alpha where it is close to 1.
  const above = high;
  const bound =
    (1 + above) * rho + Math.log(above / (1 + above)) - (lnDelta + Math.log1p(above)) / above;
  return Math.max(0, bound);
}

/** The most rho, in millionths and rounded down, that keeps within epsilon at delta. */
export function maxMicroRho(epsilon: number, delta: number): bigint {
  let low = 0;
  let high = 1;
  while (epsilonOfRho(high, delta) < epsilon) high *= 2;
  for (let step = 0; step < STEPS; step += 1) {
    const rho = (low + high) / 2;
    if (epsilonOfRho(rho, delta) <= epsilon) low = rho;
    else high = rho;
  }
  const rho = low * (1 - SLACK);
  return rho === 0 ? 0n : toMicroUnits(rho, 'down');
}

/** The same as `epsilonOfRho` of millionths. */
export function epsilonOfMicroRho(microRho: bigint, delta: number): number {
  return epsilonOfRho(fromMicroUnits(microRho), delta);
}
