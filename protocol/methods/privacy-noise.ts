import * as z from 'zod';
import { defineMethod } from '../method.ts';
import { parseUnknown } from '../parse-unknown.ts';
import { Base64, isBase64, Vector } from '../values.ts';
import {
  BUDGET_FIELDS,
  BudgetLeft,
  Cost,
  Delta,
  Epsilon,
  NoiseEffect,
  VECTOR_NOISE_FIELDS,
} from './privacy-shapes.ts';

const errors = [
  'NotFound',
  'PayloadTooLarge',
  'QuotaExceeded',
  'Busy',
  'Timeout',
  'WorkerCrashed',
  'Unavailable',
  'InsufficientResources',
  'Cancelled',
] as const;

const Encoding = z.enum(['float', 'f32']).default('float');
const WireVector = z.union([z.array(z.number()), z.object({ f32: Base64 })]);
const RELEASE_FIELDS = {
  scale: z.number().describe('Of the Laplacian noise, in the unit of the answer.'),
  cost: Cost,
  budget: BudgetLeft.optional(),
};
const ExactEffect = z.strictObject({
  ...NoiseEffect.shape,
  cost: z.strictObject(Cost.shape),
});

/** What parsing number by number would only copy. */
function acceptsReleasedVectors(result: unknown): boolean {
  if (typeof result !== 'object' || result === null || !('vectors' in result)) return false;
  const { vectors, ...effect } = result;
  return (
    Array.isArray(vectors) &&
    vectors.findIndex((vector) => !isWireVector(vector)) === -1 &&
    parseUnknown(ExactEffect, effect).success
  );
}

function acceptsReleasedVector(result: unknown): boolean {
  if (typeof result !== 'object' || result === null || !('vector' in result)) return false;
  const { vector, ...effect } = result;
  return isWireVector(vector) && parseUnknown(ExactEffect, effect).success;
}

function acceptsDrawnNoise(result: unknown): boolean {
  if (typeof result !== 'object' || result === null || !('noise' in result)) return false;
  return Object.keys(result).length === 1 && isWireVector(result.noise);
}

function isWireVector(vector: unknown): boolean {
  return isNumbers(vector) || isF32(vector);
}

function isF32(vector: unknown): boolean {
  if (typeof vector !== 'object' || vector === null || !('f32' in vector)) return false;
  const { f32 } = vector;
  return Object.keys(vector).length === 1 && typeof f32 === 'string' && isBase64(f32);
}

function isNumbers(vector: unknown): boolean {
  // `every` would pass over holes.
  return Array.isArray(vector) && vector.findIndex((number) => !Number.isFinite(number)) === -1;
}

const MAX_RECORDS = 65_536;
const Bins = z.array(z.string().min(1).max(256)).min(1).max(4096);

export const privacyNoiseMethods = {
  'privacy.noise': defineMethod({
    summary: 'Vectors, clipped and with calibrated noise: that one was another is not to be told.',
    requires: 'session',
    params: z.strictObject({
      vectors: z.array(Vector).min(1).max(2048),
      ...VECTOR_NOISE_FIELDS,
      normalize: z.boolean().default(false).describe('Bring what is released to length 1.'),
      encoding: Encoding,
    }),
    result: z.object({ vectors: z.array(WireVector), ...NoiseEffect.shape }),
    acceptsResult: acceptsReleasedVectors,
    errors,
  }),
  'privacy.drawNoise': defineMethod({
    summary: 'Noise alone, from the exact samplers: it protects nothing until it is added.',
    requires: 'session',
    params: z.strictObject({
      mechanism: z.enum(['gaussian', 'laplacian']).default('gaussian'),
      dimensions: z.int().min(1).max(65_536),
      scale: z.number().positive().max(1e9).describe('Sigma of the Gaussian, b of the Laplacian.'),
      encoding: Encoding,
    }),
    result: z.object({ noise: WireVector }),
    acceptsResult: acceptsDrawnNoise,
    errors,
  }),
  'privacy.randomizedResponse': defineMethod({
    summary: 'A label that is the true one only more likely than the others; the label alone.',
    requires: 'session',
    params: z.strictObject({
      label: z.string().max(256),
      labels: z.array(z.string().max(256)).min(2).max(4096),
      epsilon: Epsilon,
      ...BUDGET_FIELDS,
    }),
    result: z.object({ label: z.string() }),
    errors,
  }),
  'privacy.count': defineMethod({
    summary: 'How many, give or take noise: one record more or less is not to be told.',
    requires: 'session',
    params: z.strictObject({
      count: z
        .int()
        .min(0)
        .max(2 ** 52),
      epsilon: Epsilon.default(1),
      ...BUDGET_FIELDS,
    }),
    result: z.object({
      count: z.int().describe('May be negative: cut at 0 it would be too large on average.'),
      ...RELEASE_FIELDS,
    }),
    errors,
  }),
  'privacy.histogram': defineMethod({
    summary: 'How many of each bin, give or take noise; each value counts in one bin.',
    requires: 'session',
    params: z.strictObject({
      values: z
        .array(z.string().max(256))
        .max(MAX_RECORDS)
        .describe('One of each record; what is in no bin is not counted.'),
      bins: Bins.describe('All of them, also the empty ones; which there are is not protected.'),
      epsilon: Epsilon.default(1),
      ...BUDGET_FIELDS,
    }),
    result: z.object({ counts: z.array(z.int()), ...RELEASE_FIELDS }),
    errors,
  }),
  'privacy.mean': defineMethod({
    summary: 'The mean of numbers: that one was another is not to be told; how many they are, is.',
    requires: 'session',
    params: z.strictObject({
      values: z
        .array(z.number())
        .min(1)
        .max(MAX_RECORDS)
        .describe('Those beyond the bounds count as the bound.'),
      lower: z.number(),
      upper: z.number(),
      epsilon: Epsilon.default(1),
      ...BUDGET_FIELDS,
    }),
    result: z.object({ mean: z.number(), ...RELEASE_FIELDS }),
    errors,
  }),
  'privacy.centroid': defineMethod({
    summary: 'The mean of vectors: that one was another is not to be told; how many they are, is.',
    requires: 'session',
    params: z.strictObject({
      vectors: z.array(Vector).min(1).max(16_384),
      epsilon: Epsilon.default(1),
      delta: Delta,
      clip: z.number().positive().max(1e6).default(1),
      acceptUselessUtility: z.boolean().default(false),
      encoding: Encoding,
      ...BUDGET_FIELDS,
    }),
    result: z.object({ vector: WireVector, ...NoiseEffect.shape }),
    acceptsResult: acceptsReleasedVector,
    errors,
  }),
};
