import { LEAST_DELTA, RpcError } from '@locara/protocol';
import { assertUsableVector } from '../../stores/collections/vectors/vector-blob.ts';

const EPSILON_MIN = 1e-6;
const EPSILON_MAX = 1000;
const CLIP_MIN = 1e-9;
const CLIP_MAX = 1e6;
const MAX_BOUND = 1e100;
const MAX_COUNT = 2 ** 52;

/** Throws InvalidParams unless 1e-6 ≤ epsilon ≤ 1000: NaN, Infinity and what is not positive fail both. */
export function checkEpsilon(epsilon: number): void {
  check(epsilon >= EPSILON_MIN && epsilon <= EPSILON_MAX, 'epsilon', {
    message: 'Epsilon must lie between 0.000001 and 1000.',
  });
}

export function checkDelta(delta: number): void {
  check(delta >= LEAST_DELTA && delta < 1, 'delta', {
    message: 'Delta must lie between 1e-300 and 1.',
  });
}

export function checkClip(clip: number): void {
  check(clip >= CLIP_MIN && clip <= CLIP_MAX, 'clip', {
    message: 'Clip must lie between 1e-9 and 1e6.',
  });
}

/** At least one, finite, with a direction, of one length. */
export function checkVectors(vectors: readonly Float32Array[]): number {
  const dimensions = vectors[0]?.length ?? 0;
  check(dimensions > 0, 'vector', { message: 'Give at least one vector with coordinates.' });
  for (const vector of vectors) {
    assertUsableVector(vector);
    check(vector.length === dimensions, 'dimensions', {
      message: 'All vectors must have the same number of dimensions.',
    });
  }
  return dimensions;
}

/** Answers where the label stands among them. */
export function checkLabels(label: string, labels: readonly string[]): number {
  check(labels.length >= 2 && new Set(labels).size === labels.length, 'labels', {
    message: 'Give at least two labels, each once.',
  });
  const index = labels.indexOf(label);
  check(index >= 0, 'label', { message: 'The label must be one of the labels.' });
  return index;
}

export function checkBins(bins: readonly string[]): void {
  check(bins.length > 0 && new Set(bins).size === bins.length, 'bins', {
    message: 'Give at least one bin, and each once.',
  });
}

export function checkCount(count: number): void {
  check(Number.isInteger(count) && count >= 0 && count <= MAX_COUNT, 'count', {
    message: 'A count is a whole number from 0 to 2^52.',
  });
}

export function checkNumbers(
  values: readonly number[],
  { lower, upper }: { readonly lower: number; readonly upper: number },
): void {
  check(lower >= -MAX_BOUND && upper <= MAX_BOUND && lower < upper, 'bounds', {
    message: 'Lower must be less than upper, and neither beyond 1e100.',
  });
  check(values.length > 0 && values.every(Number.isFinite), 'values', {
    message: 'Give at least one value, all of them finite.',
  });
}

export function checkDraw(dimensions: number, scale: number): void {
  check(Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= 65_536, 'dimensions', {
    message: 'Dimensions must lie between 1 and 65536.',
  });
  check(scale > 0 && scale <= 1e9, 'scale', { message: 'Scale must lie between 0 and 1e9.' });
}

function check(isFine: boolean, rule: string, { message }: { readonly message: string }): void {
  if (!isFine) throw new RpcError('InvalidParams', message, { details: { rule } });
}

/** For an epsilon and a delta that only more noise would keep than can be drawn. */
export function tooMuchNoise(): RpcError {
  return new RpcError('InvalidParams', 'Ask for a larger epsilon or delta: no noise is enough.', {
    details: { rule: 'epsilon' },
  });
}
