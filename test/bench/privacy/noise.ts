import { randomFillSync } from 'node:crypto';
import {
  calibrateGaussian,
  calibrateLaplacian,
} from '../../../daemon/privacy/noise/mechanisms/lattice.ts';
import { noiseVectors } from '../../../daemon/privacy/noise/mechanisms/noise-vectors.ts';
import { createGaussianSampler } from '../../../daemon/privacy/noise/sampling/discrete-gaussian.ts';
import { createRandomNumbers } from '../../../daemon/privacy/noise/sampling/random-numbers.ts';
import { median, type Row } from '../measure.ts';

const DIMENSIONS = 384;
const ROUNDS = 500;

const vector = Float32Array.from({ length: DIMENSIONS }, (_, at) => Math.sin(at) / 14);
const random = createRandomNumbers();
const noPause = () => Promise.resolve();

/** Noise for vectors in this process: exact, against the naive floating-point sampler that it replaces. */
export async function benchNoise(): Promise<readonly Row[]> {
  const gaussian = calibrateGaussian({ epsilon: 1, delta: 1e-5 });
  const laplacian = calibrateLaplacian({ epsilon: 1, dimensions: DIMENSIONS });
  const wide = createGaussianSampler(random, 100_000 ** 2);
  const thousand = Array.from({ length: 1000 }, () => vector);
  const clip = 1;
  const peer = `Box-Muller in floats ${await timed(() => addNaiveNoise(vector))}`;
  return [
    {
      name: 'Gaussian noise, 384 dimensions',
      ours: await timed(() =>
        noiseVectors(random, { vectors: [vector], clip, lattice: gaussian }, noPause),
      ),
      peer,
      goal: '≤ 0.2 ms',
    },
    {
      name: 'Laplacian noise, 384 dimensions',
      ours: await timed(() =>
        noiseVectors(random, { vectors: [vector], clip, lattice: laplacian }, noPause),
      ),
    },
    {
      name: 'Gaussian noise with BigInts, 384 draws',
      ours: await timed(() => {
        for (let n = 0; n < DIMENSIONS; n += 1) wide();
      }),
    },
    {
      name: 'Gaussian noise, 1000 vectors',
      ours: await timed(
        () => noiseVectors(random, { vectors: thousand, clip, lattice: gaussian }, noPause),
        5,
      ),
    },
    {
      name: 'calibration',
      ours: await timed(() => calibrateGaussian({ epsilon: 1, delta: 1e-5 })),
    },
  ];
}

async function timed(run: () => unknown, rounds = ROUNDS): Promise<string> {
  const times: number[] = [];
  for (let round = -Math.ceil(rounds / 5); round < rounds; round += 1) {
    const startedAt = performance.now();
    await run();
    // The first ones warm it up.
    if (round >= 0) times.push(performance.now() - startedAt);
  }
  return `${median(times).toFixed(3)} ms`;
}

const pool = new Uint32Array(2 * DIMENSIONS);

/** How it is usually done, and not private: 32-bit uniforms, a logarithm, and the bits that they give away. */
function addNaiveNoise(values: Float32Array): Float32Array {
  randomFillSync(pool);
  return values.map((value, at) => {
    const u = ((pool[2 * at] ?? 0) + 1) / 2 ** 32;
    const v = (pool[2 * at + 1] ?? 0) / 2 ** 32;
    return value + 7.46 * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  });
}
