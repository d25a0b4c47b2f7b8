import { setImmediate } from 'node:timers/promises';
import { RpcError } from '@locara/protocol/errors';
import type { Engine } from '../../workers/engine.ts';
import { createNoiseSampler } from './mechanisms/integer-noise.ts';
import {
  noiseCentroid,
  noiseVectors,
  type Pause,
  toUnitLength,
} from './mechanisms/noise-vectors.ts';
import type { NoiseOps } from './noise-ops.ts';
import { createRandomNumbers, type RandomFill } from './sampling/random-numbers.ts';
import { randomizeLabel } from './sampling/randomize-label.ts';

/** `fill` is for tests alone, which count what is drawn. */
export function createNoiseOps(fill?: RandomFill): Engine<NoiseOps> {
  const random = createRandomNumbers(fill);
  return {
    noiseVectors: async (task, call) => {
      const vectors = await noiseVectors(random, task, pauseOf(call.signal));
      return { vectors: task.isNormalized ? vectors.map(toUnitLength) : vectors };
    },
    noiseCentroid: async (task, call) => ({
      vector: await noiseCentroid(random, task, pauseOf(call.signal)),
    }),
    drawNoise: ({ dimensions, noise, step }) => {
      const draw = createNoiseSampler(random, noise);
      return { noise: Float32Array.from({ length: dimensions }, () => draw() * step) };
    },
    noiseIntegers: ({ values, noise }) => {
      const draw = createNoiseSampler(random, noise);
      return { values: values.map((value) => value + draw()) };
    },
    randomizeLabel: (choice) => ({ index: randomizeLabel(random, choice) }),
  };
}

function pauseOf(signal: AbortSignal): Pause {
  return async () => {
    await setImmediate();
    if (signal.aborted) throw new RpcError('Cancelled', 'The caller cancelled.');
  };
}
