import type { NoiseEffect } from '@locara/protocol';
import { expectedCosine } from '../noise/mechanisms/expected-cosine.ts';
import { sigmaOfNoise } from '../noise/mechanisms/integer-noise.ts';
import {
  calibrateGaussian,
  calibrateLaplacian,
  type Lattice,
} from '../noise/mechanisms/lattice.ts';
import { MAX_SQUARED_SIGMA } from '../noise/sampling/discrete-gaussian.ts';
import {
  checkClip,
  checkDelta,
  checkEpsilon,
  checkVectors,
  tooMuchNoise,
} from './check-release.ts';
import type { VectorNoise } from './noise-maker.ts';
import { type Price, priceGaussian, pricePure, toCost, toMicroEpsilon } from './price.ts';
import { assertUseful } from './utility.ts';

/** Vectors of one release, checked and calibrated; nothing is charged or drawn yet. */
export interface PreparedVectors {
  readonly lattice: Lattice;
  readonly price: Price;
  readonly records: number;
  readonly effect: NoiseEffect;
}

/** Each vector on its own: another in its place is not to be told. */
export function prepareVectors(
  vectors: readonly Float32Array[],
  settings: VectorNoise,
): PreparedVectors {
  const dimensions = checkAll(vectors, settings);
  const records = vectors.length;
  return describe(calibrate(settings, dimensions), { settings, dimensions, records, averaged: 1 });
}

/** Vectors that one is summed of are cut to the lattice each: it is finer, so that the cuts do not add up. */
const VECTORS_PER_FINENESS = 128;

/** One release of all of them together: another in the place of one is not to be told. */
export function prepareCentroid(
  vectors: readonly Float32Array[],
  settings: Omit<VectorNoise, 'mechanism'>,
): PreparedVectors {
  const dimensions = checkAll(vectors, settings);
  const fineness = Math.max(1, vectors.length / VECTORS_PER_FINENESS);
  return describe(calibrateWithDelta({ ...settings, fineness }), {
    settings: { ...settings, mechanism: 'gaussian' },
    dimensions,
    records: 1,
    averaged: vectors.length,
  });
}

type Calibrated = Pick<PreparedVectors, 'lattice' | 'price'>;

function calibrate(settings: VectorNoise, dimensions: number): Calibrated {
  if (settings.mechanism === 'gaussian') return calibrateWithDelta(settings);
  const price = pricePure(toMicroEpsilon(settings.epsilon));
  return { price, lattice: calibrateLaplacian({ epsilon: price.epsilon, dimensions }) };
}

function calibrateWithDelta(demand: {
  readonly epsilon: number;
  readonly delta: number;
  readonly fineness?: number;
}): Calibrated {
  const lattice = calibrateGaussian(demand);
  if (lattice.noise.squaredSigma > MAX_SQUARED_SIGMA) throw tooMuchNoise();
  return { lattice, price: priceGaussian(lattice, demand) };
}

interface Shape {
  readonly settings: VectorNoise;
  readonly dimensions: number;
  readonly records: number;
  readonly averaged: number;
}

function describe(
  { lattice, price }: Calibrated,
  { settings, dimensions, records, averaged }: Shape,
): PreparedVectors {
  const { mechanism, delta, clip, acceptUselessUtility } = settings;
  const sigma = sigmaOfNoise(lattice.noise) / lattice.radius / averaged;
  if (!acceptUselessUtility) assertUseful({ mechanism, dimensions, averaged, delta, sigma });
  const effect = {
    mechanism,
    sigma: sigma * clip,
    expectedCosine: expectedCosine(dimensions, sigma),
    cost: toCost(price, records),
  };
  return { lattice, price, records, effect };
}

function checkAll(
  vectors: readonly Float32Array[],
  { epsilon, delta, clip }: Omit<VectorNoise, 'mechanism'>,
): number {
  checkEpsilon(epsilon);
  checkDelta(delta);
  checkClip(clip);
  return checkVectors(vectors);
}
