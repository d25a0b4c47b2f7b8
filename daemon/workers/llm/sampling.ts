import { randomInt } from 'node:crypto';
import type { Sampling } from './ops.ts';

/** Every choice made: what the engine samples with. */
export interface ResolvedSampling {
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  readonly seed: number;
}

/** llama.cpp reads this seed as "pick one at random". */
const RANDOM_SEED = 0xffff_ffff;

/**
 * Fills in what the caller left open: temperature 0.8, topP 0.95, topK 40, minP 0.05 (llama.cpp's own
 * defaults), a random seed, and as many tokens as `freeTokens` allows. Temperature 0 is greedy.
 */
export function resolveSampling(sampling: Sampling, freeTokens: number): ResolvedSampling {
  const { maxTokens = freeTokens, temperature = 0.8, topP = 0.95, topK = 40 } = sampling;
  const { minP = 0.05, seed = randomInt(RANDOM_SEED) } = sampling;
  return {
    maxTokens: Math.max(1, Math.min(maxTokens, freeTokens)),
    temperature,
    topP,
    topK,
    minP,
    seed: seed % RANDOM_SEED,
  };
}
