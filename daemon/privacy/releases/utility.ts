import { RpcError } from '@locara/protocol';
import { gaussianEpsilon } from '../noise/accounting/gaussian-curve.ts';
import { expectedCosine } from '../noise/mechanisms/expected-cosine.ts';
import type { Mechanism } from '../noise/noise-ops.ts';

/** Below this a released vector has next to nothing to do with the true one. */
export const LEAST_COSINE = 0.3;

/** What is to be released. */
export interface Usefulness {
  readonly mechanism: Mechanism;
  readonly dimensions: number;
  /** How many vectors one released vector is the mean of. */
  readonly averaged: number;
  readonly delta: number;
  /** Of the noise of one coordinate, for a length of 1. */
  readonly sigma: number;
}

/** Throws InvalidParams (`rule: useless_utility`), with the epsilon that would be enough, for noise and nothing else. */
export function assertUseful(asked: Usefulness): void {
  const cosine = expectedCosine(asked.dimensions, asked.sigma);
  if (cosine >= LEAST_COSINE) return;
  throw new RpcError(
    'InvalidParams',
    'Nothing but noise would be left: ask for a count, histogram, mean or centroid of many records, or a larger epsilon.',
    {
      details: {
        rule: 'useless_utility',
        expectedCosine: cosine,
        leastCosine: LEAST_COSINE,
        leastEpsilon: leastEpsilon(asked),
        worksAtThisEpsilon: [
          'privacy.count',
          'privacy.histogram',
          'privacy.mean',
          'privacy.centroid',
        ],
        accept: 'acceptUselessUtility',
      },
    },
  );
}

/** The epsilon at which the expected cosine is enough, rounded up to three digits. */
function leastEpsilon({ mechanism, dimensions, averaged, delta }: Usefulness): number {
  const sigma = Math.sqrt((1 / LEAST_COSINE ** 2 - 1) / dimensions) * averaged;
  const epsilon =
    mechanism === 'gaussian'
      ? gaussianEpsilon(sigma / 2, delta)
      : (2 * Math.SQRT2 * Math.sqrt(dimensions)) / sigma;
  const digit = 10 ** (Math.floor(Math.log10(epsilon)) - 2);
  return Number((Math.ceil((epsilon * (1 + 1e-6)) / digit) * digit).toPrecision(3));
}
