import type { RandomNumbers } from '../sampling/random-numbers.ts';
import { clipToLattice } from './clip-to-lattice.ts';
import { createNoiseSampler } from './integer-noise.ts';
import type { Lattice } from './lattice.ts';

/** Vectors that are to become private, and on which lattice. */
export interface VectorTask {
  readonly vectors: readonly Float32Array[];
  readonly clip: number;
  readonly lattice: Lattice;
}

/** Waits until others had their turn; throws when the call was cancelled. */
export type Pause = () => Promise<void>;

/** So many coordinates are drawn in a turn, about 20 ms of work. */
const COORDINATES_PER_TURN = 32_768;

/** Each vector clipped, on the lattice, with noise, and as long as it was again. */
export async function noiseVectors(
  random: RandomNumbers,
  { vectors, clip, lattice: { radius, noise } }: VectorTask,
  pause: Pause,
): Promise<Float32Array[]> {
  const draw = createNoiseSampler(random, noise);
  const noisy: Float32Array[] = [];
  let drawn = 0;
  for (const vector of vectors) {
    const steps = clipToLattice(vector, { clip, radius });
    noisy.push(addNoise(steps, draw, clip / radius));
    drawn += vector.length;
    if (drawn < COORDINATES_PER_TURN) continue;
    drawn = 0;
    await pause();
  }
  return noisy;
}

/** The mean of the clipped vectors; the noise is on their sum, of which one more or another changes 2 radius. */
export async function noiseCentroid(
  random: RandomNumbers,
  { vectors, clip, lattice: { radius, noise } }: VectorTask,
  pause: Pause,
): Promise<Float32Array> {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  let added = 0;
  for (const vector of vectors) {
    const steps = clipToLattice(vector, { clip, radius });
    for (let at = 0; at < sum.length; at += 1) sum[at] = (sum[at] ?? 0) + (steps[at] ?? 0);
    added += vector.length;
    if (added < COORDINATES_PER_TURN) continue;
    added = 0;
    await pause();
  }
  const draw = createNoiseSampler(random, noise);
  return addNoise(sum, draw, clip / radius / vectors.length);
}

/** What comes after the noise is a function of whole numbers alone: no rounding of it says more than they do. */
function addNoise(steps: Float64Array, draw: () => number, step: number): Float32Array {
  const noisy = new Float32Array(steps.length);
  for (let at = 0; at < noisy.length; at += 1) noisy[at] = ((steps[at] ?? 0) + draw()) * step;
  return noisy;
}

/** The same direction at length 1; what has no direction stays as it is. */
export function toUnitLength(vector: Float32Array): Float32Array {
  let square = 0;
  for (const value of vector) square += value * value;
  const length = Math.sqrt(square);
  return length > 0 && length < Infinity ? vector.map((value) => value / length) : vector;
}
