import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { discreteGaussianDelta } from '../../../support/privacy-theory/discrete-gaussian.ts';
import {
  gaussianDelta,
  gaussianSigma,
} from '../../../../daemon/privacy/noise/accounting/gaussian-curve.ts';
import { clipToLattice } from '../../../../daemon/privacy/noise/mechanisms/clip-to-lattice.ts';
import { expectedCosine } from '../../../../daemon/privacy/noise/mechanisms/expected-cosine.ts';
import { sigmaOfNoise } from '../../../../daemon/privacy/noise/mechanisms/integer-noise.ts';
import {
  calibrateGaussian,
  calibrateLaplacian,
} from '../../../../daemon/privacy/noise/mechanisms/lattice.ts';
import {
  noiseCentroid,
  noiseVectors,
  toUnitLength,
} from '../../../../daemon/privacy/noise/mechanisms/noise-vectors.ts';
import { createRandomNumbers } from '../../../../daemon/privacy/noise/sampling/random-numbers.ts';

const random = createRandomNumbers();
const noPause = () => Promise.resolve();

describe('clipping to the lattice', () => {
  const coordinate = fc.float({ noNaN: true, noDefaultInfinity: true });

  test('never lets a vector be longer than the radius, in whole numbers', () => {
    fc.assert(
      fc.property(
        fc.array(coordinate, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(1e-9, 0.1, 1, 3, 1e6),
        fc.constantFrom(64, 100, 536, 99_991, 2 ** 20),
        (values, clip, radius) => {
          const steps = clipToLattice(Float32Array.from(values), { clip, radius });
          const square = [...steps].reduce((sum, value) => sum + BigInt(value) ** 2n, 0n);
          expect(square <= BigInt(radius) ** 2n).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('cuts toward zero, and leaves what is short enough its length', () => {
    const ball = { clip: 1, radius: 1000 };
    expect([...clipToLattice(Float32Array.of(0.6004, -0.7004), ball)]).toEqual([600, -700]);
    expect([...clipToLattice(Float32Array.of(30, -40), ball)]).toEqual([600, -800]);
    expect([...clipToLattice(Float32Array.of(0, 0), ball)]).toEqual([0, 0]);
  });
});

describe('the Gaussian lattice', () => {
  test.each([0.05, 0.1, 1, 4, 8.5, 10, 50, 100, 1000])(
    'keeps its delta at epsilon %d, as a discrete Gaussian as well',
    (epsilon) => {
      const delta = 1e-5;
      const { radius, noise } = calibrateGaussian({ epsilon, delta });
      const { squaredSigma } = noise;
      const sensitivity = 2 * radius;
      expect(discreteGaussianDelta(epsilon, { squaredSigma, sensitivity })).toBeLessThanOrEqual(
        delta,
      );
      const sigma = Math.sqrt(squaredSigma) / sensitivity;
      expect(gaussianDelta(epsilon, sigma)).toBeLessThanOrEqual(delta);
      // A finer lattice would gain nothing: sigma is the analytic one.
      expect(sigma / gaussianSigma(epsilon, delta)).toBeLessThan(1 + 1e-4);
    },
  );

  test('adds enough for a coarse lattice, on which the analytic sigma is too little', () => {
    const sigma = gaussianSigma(1, 1e-5);
    const plain = discreteGaussianDelta(1, { squaredSigma: sigma ** 2, sensitivity: 1 });
    const widened = discreteGaussianDelta(1, { squaredSigma: sigma ** 2 + 9, sensitivity: 1 });
    expect(plain).toBeGreaterThan(1e-5);
    expect(widened).toBeLessThan(1e-5);
  });

  test('is finer for the mean of many vectors', () => {
    const demand = { epsilon: 1, delta: 1e-5 };
    const ratio =
      calibrateGaussian({ ...demand, fineness: 8 }).radius / calibrateGaussian(demand).radius;
    expect(ratio).toBeCloseTo(8, 1);
  });
});

test.each([
  [0.1, 384],
  [1, 384],
  [100, 3],
  [1000, 8192],
])('the Laplacian lattice keeps epsilon %d in %d dimensions', (epsilon, dimensions) => {
  const { radius, noise } = calibrateLaplacian({ epsilon, dimensions });
  const { numerator, denominator } = noise.scale;
  expect(denominator).toBe(1);
  // b ε ≥ 2R√d, squared.
  expect((numerator * epsilon) ** 2).toBeGreaterThanOrEqual(4 * radius ** 2 * dimensions);
  const perLength = numerator / radius;
  expect(perLength / ((2 * Math.sqrt(dimensions)) / epsilon)).toBeLessThan(1.002);
});

describe('noisy vectors', () => {
  const dimensions = 384;
  const truth = toUnitLength(
    Float32Array.from({ length: dimensions }, (_, at) => Math.sin(at + 1)),
  );

  test('of either mechanism have the promised deviation, and are right on average', async () => {
    const lattices = [
      calibrateGaussian({ epsilon: 20, delta: 1e-5 }),
      calibrateLaplacian({ epsilon: 200, dimensions }),
    ];
    for (const lattice of lattices) {
      const vectors = Array.from({ length: 400 }, () => truth);
      const noisy = await noiseVectors(random, { vectors, clip: 1, lattice }, noPause);
      const errors = noisy.flatMap((vector) => [...vector].map((x, at) => x - (truth[at] ?? 0)));
      const mean = errors.reduce((sum, x) => sum + x, 0) / errors.length;
      const deviation = Math.sqrt(errors.reduce((sum, x) => sum + x * x, 0) / errors.length);
      const sigma = sigmaOfNoise(lattice.noise) / lattice.radius;
      expect(Math.abs(mean)).toBeLessThan((7 * sigma) / Math.sqrt(errors.length));
      expect(deviation / sigma).toBeCloseTo(1, 1);
    }
  });

  test('have the expected cosine', async () => {
    const lattice = calibrateGaussian({ epsilon: 300, delta: 1e-5 });
    const task = { vectors: Array.from({ length: 200 }, () => truth), clip: 1, lattice };
    const noisy = (await noiseVectors(random, task, noPause)).map(toUnitLength);
    const cosines = noisy.map((vector) =>
      vector.reduce((sum, x, at) => sum + x * (truth[at] ?? 0), 0),
    );
    const mean = cosines.reduce((sum, x) => sum + x, 0) / cosines.length;
    const sigma = sigmaOfNoise(lattice.noise) / lattice.radius;
    expect(mean).toBeCloseTo(expectedCosine(dimensions, sigma), 1);
    expect(mean).toBeGreaterThan(0.4);
  });

  test('of a centroid of a thousand are close to the true one', async () => {
    const lattice = calibrateGaussian({ epsilon: 1, delta: 1e-5, fineness: 8 });
    const task = { vectors: Array.from({ length: 1000 }, () => truth), clip: 1, lattice };
    const centroid = await noiseCentroid(random, task, noPause);
    const distance = Math.hypot(...centroid.map((x, at) => x - (truth[at] ?? 0)));
    // 2 · 3.7306 / 1000 a coordinate: 0.146 altogether, as the reference says.
    expect(distance).toBeGreaterThan(0.1);
    expect(distance).toBeLessThan(0.2);
  });
});
