import { randomFillSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { describeDiscreteGaussian } from '../../../support/privacy-theory/discrete-gaussian.ts';
import { responseOdds } from '../../../support/privacy-theory/response-odds.ts';
import { createGaussianSampler } from '../../../../daemon/privacy/noise/sampling/discrete-gaussian.ts';
import { drawDiscreteLaplace } from '../../../../daemon/privacy/noise/sampling/discrete-laplace.ts';
import { flipExp, flipExpOne } from '../../../../daemon/privacy/noise/sampling/flip-exp.ts';
import {
  createRandomNumbers,
  type RandomNumbers,
} from '../../../../daemon/privacy/noise/sampling/random-numbers.ts';
import { randomizeLabel } from '../../../../daemon/privacy/noise/sampling/randomize-label.ts';
import {
  wholeQuotient,
  wholeRoot,
} from '../../../../daemon/privacy/noise/sampling/whole-numbers.ts';
import {
  chiSquareP,
  countDraws,
  type Distribution,
  FALSE_ALARM,
  FALSE_ALARM_Z,
  kolmogorovSmirnovP,
  momentsOf,
  wilsonInterval,
} from '../../../support/goodness-of-fit.ts';

const random = createRandomNumbers();
const DRAWS = 2_000_000;

describe('uniform numbers', () => {
  /** Every word of so many bytes once, in order. */
  function enumerate(bytes: 1 | 2): RandomNumbers {
    let next = 0;
    return createRandomNumbers((pool) => {
      for (let at = 0; at < pool.length; at += bytes, next += 1) {
        if (bytes === 2) pool[at] = (next >>> 8) & 0xff;
        pool[at + bytes - 1] = next & 0xff;
      }
    });
  }

  test.each([
    [2, 1],
    [3, 1],
    [200, 1],
    [256, 1],
    [257, 2],
    [40_000, 2],
    [65_536, 2],
  ] as const)('below %d are equally likely, to the last one', (limit, bytes) => {
    const numbers = enumerate(bytes);
    const perNumber = 2 ** (8 * bytes - Math.ceil(Math.log2(limit)));
    const counts = countDraws(() => numbers.below(limit), limit * perNumber);
    expect(new Set(counts.values())).toEqual(new Set([perNumber]));
    expect(counts.size).toBe(limit);
  });

  test.each([2 ** 31 + 1, 2 ** 32, 2 ** 32 + 1, 2 ** 40 + 12_345, 2 ** 53])(
    'below %d reach into every eighth of it and never past it',
    (limit) => {
      const counts = countDraws(() => Math.floor((random.below(limit) / limit) * 8), 80_000);
      expect([...counts.keys()].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      for (const count of counts.values()) {
        expect(Math.abs(count - 10_000)).toBeLessThan(FALSE_ALARM_Z * Math.sqrt(10_000));
      }
    },
  );

  test('below one need no randomness', () => {
    const numbers = createRandomNumbers(() => {
      throw new Error('asked for randomness');
    });
    expect(numbers.below(1)).toBe(0);
  });

  test('leave no byte behind that was used', () => {
    let pool = new Uint8Array();
    const numbers = createRandomNumbers((bytes) => {
      pool = bytes.fill(0xaa) as Uint8Array<ArrayBuffer>;
    });
    for (let n = 0; n < 1000; n += 1) numbers.below(2 ** 53);
    expect(pool.subarray(0, 7000).every((byte) => byte === 0)).toBe(true);
    expect(pool.subarray(7000).every((byte) => byte === 0xaa)).toBe(true);
  });
});

test('whole quotients and roots are exact up to 2^53', () => {
  for (let n = 0; n < 20_000; n += 1) {
    const dividend = random.below(2 ** 53);
    const divisor = 1 + random.below(2 ** (1 + random.below(53)));
    expect(wholeQuotient(dividend, divisor)).toBe(Number(BigInt(dividend) / BigInt(divisor)));
    const root = BigInt(wholeRoot(dividend));
    expect(root ** 2n <= BigInt(dividend) && (root + 1n) ** 2n > BigInt(dividend)).toBe(true);
  }
});

describe('flips with probability exp(-x)', () => {
  const TRIALS = 400_000;

  test.each([
    [0, 1],
    [1, 1_000_000],
    [1, 3],
    [999, 1000],
    [1, 1],
    [5, 3],
    [2, 1],
    [13, 2],
    [2 ** 50, 2 ** 52 + 1],
  ])('of %d/%d', (numerator, denominator) => {
    const hits = countHits(() => flipExp(random, { numerator, denominator }));
    const [low, high] = wilsonInterval(hits, TRIALS);
    const wanted = Math.exp(-numerator / denominator);
    expect(low).toBeLessThanOrEqual(wanted);
    expect(high).toBeGreaterThanOrEqual(wanted);
  });

  test('of one', () => {
    const [low, high] = wilsonInterval(
      countHits(() => flipExpOne(random)),
      TRIALS,
    );
    expect(low).toBeLessThan(Math.exp(-1));
    expect(high).toBeGreaterThan(Math.exp(-1));
  });

  test('fall as x grows', () => {
    const shares = [1, 3, 6, 12, 24].map((numerator) =>
      countHits(() => flipExp(random, { numerator, denominator: 8 })),
    );
    expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  });

  function countHits(flip: () => boolean): number {
    let hits = 0;
    for (let n = 0; n < TRIALS; n += 1) if (flip()) hits += 1;
    return hits;
  }
});

describe('the discrete Gaussian', () => {
  test.each([
    [1, DRAWS],
    [4000 ** 2, DRAWS],
    // The fraction needs BigInts.
    [9000 ** 2, 200_000],
    [50_000 ** 2, 50_000],
  ])('of σ² = %d fits %d draws', (squaredSigma, draws) => {
    const { norm, variance } = describeDiscreteGaussian(squaredSigma);
    const counts = countDraws(createGaussianSampler(random, squaredSigma), draws);
    expectFit(counts, {
      reach: Math.ceil(8 * Math.sqrt(squaredSigma)),
      probability: (value) => Math.exp((-value * value) / (2 * squaredSigma)) / norm,
    });
    expectMoments(counts, variance, 3);
  });

  test('would be told from one whose σ is a twentieth off', () => {
    const { norm } = describeDiscreteGaussian(4000 ** 2);
    const counts = countDraws(createGaussianSampler(random, 4200 ** 2), 300_000);
    const wrong: Distribution = {
      reach: 32_000,
      probability: (value) => Math.exp((-value * value) / (2 * 4000 ** 2)) / norm,
    };
    expect(kolmogorovSmirnovP(counts, wrong)).toBeLessThan(FALSE_ALARM);
  });

  test.each([0, -1, 1.5, NaN, Infinity, 2 ** 47])('has no σ² of %d', (squaredSigma) => {
    expect(() => createGaussianSampler(random, squaredSigma)).toThrow(RangeError);
  });
});

describe('the discrete Laplacian', () => {
  test.each([
    [1, 1, DRAWS],
    [7, 3, 500_000],
    [1, 4, 500_000],
    [4000, 1, 500_000],
  ])('of scale %d/%d fits %d draws', (numerator, denominator, draws) => {
    const ratio = Math.exp(-denominator / numerator);
    const rest = -Math.expm1(-denominator / numerator);
    const counts = countDraws(() => drawDiscreteLaplace(random, { numerator, denominator }), draws);
    expectFit(counts, {
      reach: Math.ceil((30 * numerator) / denominator),
      probability: (value) => (rest / (1 + ratio)) * ratio ** Math.abs(value),
    });
    // A narrow one has more weight far out, measured in its deviations.
    if (numerator >= denominator) expectMoments(counts, (2 * ratio) / rest ** 2, 7);
  });
});

test.each([
  [0.1, 2],
  [1, 3],
  [2, 10],
])('randomised response at epsilon %d of %d labels has the exact odds', (epsilon, labels) => {
  const fraction = { numerator: epsilon * 1e6, denominator: 1e6 };
  const odds = responseOdds(epsilon, labels);
  const counts = countDraws(
    () => randomizeLabel(random, { index: 1, labels, epsilon: fraction }),
    300_000,
  );
  expectFit(counts, {
    reach: labels,
    probability: (value) =>
      value < 0 || value >= labels ? 0 : value === 1 ? odds.kept : odds.other,
  });
});

test('nothing is drawn from Math.random, and everything from the source of the system', () => {
  const { random: original } = Math;
  let bytes = 0;
  Math.random = () => {
    throw new Error('Math.random was asked');
  };
  try {
    const counted = createRandomNumbers((pool) => {
      bytes += pool.length;
      randomFillSync(pool);
    });
    const draw = createGaussianSampler(counted, 4000 ** 2);
    for (let n = 0; n < 20_000; n += 1) {
      draw();
      drawDiscreteLaplace(counted, { numerator: 40_000, denominator: 1 });
      randomizeLabel(counted, {
        index: 0,
        labels: 3,
        epsilon: { numerator: 1, denominator: 1 },
      });
    }
  } finally {
    Math.random = original;
  }
  // About 21 bytes for each Gaussian, and less for the others.
  expect(bytes).toBeGreaterThan(20_000 * 25);
});

function expectFit(counts: ReadonlyMap<number, number>, distribution: Distribution): void {
  expect(chiSquareP(counts, distribution), 'χ²').toBeGreaterThan(FALSE_ALARM);
  expect(kolmogorovSmirnovP(counts, distribution), 'Kolmogorov-Smirnov').toBeGreaterThan(
    FALSE_ALARM,
  );
}

/** `kurtosis` bounds the fourth moment, which is how far a variance may stray. */
function expectMoments(
  counts: ReadonlyMap<number, number>,
  wanted: number,
  kurtosis: number,
): void {
  const { draws, mean, variance } = momentsOf(counts);
  expect(Math.abs(mean)).toBeLessThan(FALSE_ALARM_Z * Math.sqrt(wanted / draws));
  expect(Math.abs(variance / wanted - 1)).toBeLessThan(
    FALSE_ALARM_Z * Math.sqrt((kurtosis - 1) / draws),
  );
}
