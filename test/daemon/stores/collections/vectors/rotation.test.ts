import { expect, test } from 'vitest';
import { createRotation } from '../../../../../daemon/stores/collections/vectors/rotation.ts';
import { createRandom } from '../../../../support/random.ts';
import { drawVector } from '../../../../support/vector-sets.ts';

const rotate = (dimensions: number, vector: Float32Array): Float64Array => {
  const rotation = createRotation(dimensions);
  const turned = new Float64Array(rotation.width);
  turned.set(vector);
  rotation.rotate(turned);
  return turned;
};

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

test.each([1, 2, 31, 96, 100, 384, 504, 1536])(
  'lengths and angles of %i dimensions stay what they were',
  (dimensions) => {
    const random = createRandom(dimensions);
    const [a, b] = [drawVector(random, dimensions), drawVector(random, dimensions)];
    expect(dot(rotate(dimensions, a), rotate(dimensions, b))).toBeCloseTo(dot(a, b), 6);
    expect(dot(rotate(dimensions, a), rotate(dimensions, a))).toBeCloseTo(dot(a, a), 6);
  },
);

test.each([96, 384, 504])(
  'a single number among %i dimensions is spread over all of them',
  (dimensions) => {
    for (let filled = 0; filled < dimensions; filled += 1) {
      const vector = new Float32Array(dimensions);
      vector[filled] = 1;
      const turned = rotate(dimensions, vector);
      const largest = Math.max(...turned.map(Math.abs));
      expect(largest).toBeLessThan(7 / Math.sqrt(turned.length));
    }
  },
);
