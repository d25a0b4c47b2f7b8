import { RpcError } from '@locara/protocol/errors';
import type { Engine } from '../../workers/engine.ts';
import type { NoiseOps } from './noise-ops.ts';

export function createNoiseOps(): Engine<NoiseOps> {
  const notThere = (): never => {
    throw new RpcError('Unavailable', 'Noise is not there yet.');
  };
  return {
    noiseVectors: notThere,
    drawNoise: notThere,
    noiseIntegers: notThere,
    randomizeLabel: notThere,
  };
}
