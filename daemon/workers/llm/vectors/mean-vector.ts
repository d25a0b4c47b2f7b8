/**
 * What a text read in pieces means: the mean of the pieces' directions, each as heavy as it has tokens, at length 1.
 * Zeros when no piece has a direction.
 */
export interface MeanVector {
  add(vector: Float32Array, weight: number): void;
  value(): Float32Array;
}

export function createMeanVector(dimensions: number): MeanVector {
  const sum = new Float64Array(dimensions);
  return {
    add: (vector, weight) => {
      const length = lengthOf(vector);
      if (length === 0) return;
      for (const [at, value] of vector.entries())
        sum[at] = (sum[at] ?? 0) + (value / length) * weight;
    },
    value: () => {
      const length = lengthOf(sum);
      return length === 0
        ? new Float32Array(dimensions)
        : Float32Array.from(sum, (value) => value / length);
    },
  };
}

function lengthOf(vector: Float32Array | Float64Array): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares);
}
