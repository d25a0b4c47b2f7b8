import { randomInt } from 'node:crypto';
import type { Sampling } from './ops.ts';

/** Every choice made: what the engine samples with. */
export interface ResolvedSampling {
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  readonly repeatPenalty: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly seed: number;
}

/** llama.cpp reads this seed as "pick one at random". */
const RANDOM_SEED = 0xffff_ffff;

/**
 * Fills in what the caller left open: temperature 0.8, topP 0.95, topK 40, minP 0.05 (llama.cpp's own
 * defaults), no penalties, a random seed, and as many tokens as `freeTokens` allows. Clamps the rest.
 * Temperature 0 is greedy.
 */
export function resolveSampling(sampling: Sampling, freeTokens: number): ResolvedSampling {
  const { maxTokens = freeTokens, temperature = 0.8, topP = 0.95, topK = 40 } = sampling;
  const { minP = 0.05, seed = randomInt(RANDOM_SEED) } = sampling;
  const { repeatPenalty = 1, presencePenalty = 0, frequencyPenalty = 0 } = sampling;
  return {
    maxTokens: clamp(maxTokens, 1, Math.max(1, freeTokens)),
    temperature: clamp(temperature, 0, 2),
    topP: clamp(topP, 0, 1),
    topK: clamp(topK, 0, 1000),
    minP: clamp(minP, 0, 1),
    repeatPenalty: clamp(repeatPenalty, 0.5, 2),
    presencePenalty: clamp(presencePenalty, -2, 2),
    frequencyPenalty: clamp(frequencyPenalty, -2, 2),
    seed: seed % RANDOM_SEED,
  };
}

/** Whether the same call must write the same text again: nothing about it is left to chance. */
export function isReproducible({ seed, temperature }: Sampling): boolean {
  return seed !== undefined || (temperature !== undefined && temperature <= 0);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
