import type { IntegerNoise } from './mechanisms/integer-noise.ts';
import type { VectorTask } from './mechanisms/noise-vectors.ts';
import type { LabelChoice } from './sampling/randomize-label.ts';

export type Mechanism = IntegerNoise['mechanism'];

/** What of differential privacy runs in the privacy worker: drawing, and nothing that must be remembered. */
export interface NoiseOps {
  /** Clips each vector, puts it on the lattice and adds noise. */
  noiseVectors: {
    params: VectorTask & { readonly isNormalized: boolean };
    chunk: never;
    result: { readonly vectors: readonly Float32Array[] };
  };
  /** The mean of vectors of the same length, each clipped and on the lattice, with noise on their sum. */
  noiseCentroid: {
    params: VectorTask;
    chunk: never;
    result: { readonly vector: Float32Array };
  };
  drawNoise: {
    params: {
      readonly dimensions: number;
      readonly noise: IntegerNoise;
      /** How much a step of the lattice is. */
      readonly step: number;
    };
    chunk: never;
    result: { readonly noise: Float32Array };
  };
  /** Whole numbers, each with noise. */
  noiseIntegers: {
    params: { readonly values: readonly number[]; readonly noise: IntegerNoise };
    chunk: never;
    result: { readonly values: readonly number[] };
  };
  randomizeLabel: {
    params: LabelChoice;
    chunk: never;
    result: { readonly index: number };
  };
}
