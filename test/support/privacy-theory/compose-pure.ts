import { bisect, bracket } from '../../../daemon/privacy/noise/accounting/bisect.ts';

/** The same guarantee without delta, given `times` times. */
export interface PureReleases {
  readonly epsilon: number;
  readonly times: number;
}

/** What they come to at `delta`, by each way of adding up; `epsilon` is the least. */
export interface PureComposition {
  readonly naive: number;
  /** Dwork, Rothblum, Vadhan 2010: often worse than naive. */
  readonly advanced: number;
  /** Kairouz, Oh, Viswanath 2015: the best there can be. */
  readonly optimal: number;
  readonly epsilon: number;
}

export function composePure(releases: PureReleases, delta: number): PureComposition {
  const { epsilon, times } = releases;
  const naive = times * epsilon;
  const advanced =
    Math.sqrt(2 * times * Math.log(1 / delta)) * epsilon + naive * Math.expm1(epsilon);
  const isEnough = (total: number): boolean => optimalDelta(releases, total) <= delta;
  const optimal = isEnough(0) ? 0 : bisect(bracket(1, isEnough), isEnough);
  return { naive, advanced, optimal, epsilon: Math.min(naive, advanced, optimal) };
}

/** Σ over l with (k-2l)ε > ε' of C(k,l) (e^(ε(k-l)) - e^(ε'+εl)) / (1+e^ε)^k, each term without cancellation. */
function optimalDelta({ epsilon, times }: PureReleases, total: number): number {
  const logNorm = times * (epsilon + Math.log1p(Math.exp(-epsilon)));
  let logChoose = 0;
  let delta = 0;
  for (let l = 0; (times - 2 * l) * epsilon > total; l += 1) {
    const share = Math.exp(logChoose + epsilon * (times - l) - logNorm);
    delta -= share * Math.expm1(total - epsilon * (times - 2 * l));
    logChoose += Math.log((times - l) / (l + 1));
  }
  return delta;
}
