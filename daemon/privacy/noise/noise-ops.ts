export type Mechanism = 'gaussian' | 'laplacian';

/** What of differential privacy runs in the privacy worker: drawing, and nothing that must be remembered. */
export interface NoiseOps {
  /** Clips each vector, puts it on the lattice and adds noise. */
  noiseVectors: {
    params: {
      readonly vectors: readonly Float32Array[];
      readonly mechanism: Mechanism;
      /** Longest L2 length; the sensitivity is twice that. */
      readonly clip: number;
      /** Of one coordinate, as calibrated: sigma of the Gaussian, b of the Laplacian. */
      readonly scale: number;
      readonly isNormalized: boolean;
    };
    chunk: never;
    result: { readonly vectors: readonly Float32Array[] };
  };
  drawNoise: {
    params: { readonly mechanism: Mechanism; readonly dimensions: number; readonly scale: number };
    chunk: never;
    result: { readonly noise: Float32Array };
  };
  /** Whole numbers with discrete Laplacian noise of scale b. */
  noiseIntegers: {
    params: { readonly values: readonly number[]; readonly scale: number };
    chunk: never;
    result: { readonly values: readonly number[] };
  };
  randomizeLabel: {
    params: { readonly index: number; readonly labels: number; readonly epsilon: number };
    chunk: never;
    result: { readonly index: number };
  };
}
