import type { Random } from './random.ts';

/** A number of a normal distribution. */
export function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function drawVector(random: Random, dimensions: number): Float32Array {
  return Float32Array.from({ length: dimensions }, () => drawNormal(random));
}

/** Draws vectors of one distribution, queries and stored ones alike. */
export type DrawVector = () => Float32Array;

/** Distributions that are hard on codes, each in its own way. */
export const VECTOR_SETS: Readonly<
  Record<string, (random: Random, dimensions: number) => DrawVector>
> = {
  'in no particular direction': (random, dimensions) => () => drawVector(random, dimensions),
  'in clusters': (random, dimensions) => {
    const centres = Array.from({ length: 100 }, () => drawVector(random, dimensions));
    return () => around(random, pick(random, centres), 0.5);
  },
  'far from the origin, and flat': (random, dimensions) => {
    const mean = drawVector(random, dimensions).map((value) => value * 3);
    return () => mean.map((value, at) => value + drawNormal(random) / (1 + at));
  },
  'almost empty': (random, dimensions) => () => {
    const vector = new Float32Array(dimensions);
    for (let filled = 0; filled < 4; filled += 1) {
      vector[Math.floor(random() * random() * dimensions)] = 0.1 + random();
    }
    return vector;
  },
  'nearly the same': (random, dimensions) => {
    const centre = drawVector(random, dimensions);
    return () => around(random, centre, 0.01);
  },
};

function around(random: Random, centre: Float32Array, spread: number): Float32Array {
  return centre.map((value) => value + spread * drawNormal(random));
}

function pick<T>(random: Random, from: readonly T[]): T {
  const chosen = from[Math.floor(random() * from.length)];
  if (chosen === undefined) throw new Error('there is nothing to pick from');
  return chosen;
}
