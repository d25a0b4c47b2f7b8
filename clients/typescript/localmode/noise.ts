import type { Result } from '@locara/protocol';
import type { ClientSource } from './client-source.ts';
import type { PrivacyBudget } from './privacy-budget.ts';
import { withinBudget } from './privacy-budget-error.ts';
import { toFloats } from './opened-value.ts';

/** What the release of one label costs, and whom it is charged to. */
export interface LabelRelease {
  readonly epsilon: number;
  readonly budget?: PrivacyBudget | undefined;
  /** Whom the label is about; each has the whole budget. */
  readonly subject?: string | undefined;
}

export interface Noise {
  /** The true label with probability e^ε/(e^ε+k-1), else one of the others; the label alone. */
  readonly randomizedResponse: (
    label: string,
    labels: readonly string[],
    release: number | LabelRelease,
  ) => Promise<string>;
  /** Noise alone, from the exact sampler: it protects nothing by itself, and no budget is charged for it. */
  readonly gaussianNoise: (dimensions: number, sigma: number) => Promise<Float32Array>;
  readonly laplacianNoise: (dimensions: number, scale: number) => Promise<Float32Array>;
}

export function createNoise(client: ClientSource): Noise {
  const draw = async (params: {
    readonly mechanism: 'gaussian' | 'laplacian';
    readonly dimensions: number;
    readonly scale: number;
  }): Promise<Float32Array> => {
    const { noise } = await client().privacy.drawNoise({ ...params, encoding: 'f32' });
    return fromWireVector(noise);
  };
  return {
    randomizedResponse: async (label, labels, release) => {
      const { budget, ...cost } = typeof release === 'number' ? { epsilon: release } : release;
      const params = { label, labels: [...labels], ...cost, budget: budget?.name };
      return (await withinBudget(client().privacy.randomizedResponse(params))).label;
    },
    gaussianNoise: (dimensions, scale) => draw({ mechanism: 'gaussian', dimensions, scale }),
    laplacianNoise: (dimensions, scale) => draw({ mechanism: 'laplacian', dimensions, scale }),
  };
}

/** A vector as the daemon sends it. */
export function fromWireVector(vector: Result<'privacy.drawNoise'>['noise']): Float32Array {
  return toFloats({ vector });
}

/** The sum of two vectors, as a new one. Throws RangeError when one has more dimensions. */
export function addNoise(embedding: Float32Array, noise: Float32Array): Float32Array {
  if (embedding.length !== noise.length) {
    throw new RangeError(
      `The embedding has ${embedding.length} dimensions, the noise ${noise.length}.`,
    );
  }
  return embedding.map((value, index) => value + (noise[index] ?? 0));
}
