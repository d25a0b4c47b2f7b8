const ROUNDS = 4;
const STEP = 32;
const SEED = 0x10ca7a;

/** A fixed random rotation: afterwards a vector's length is spread over all its numbers, whatever they were. */
export interface Rotation {
  /** Of a rotated vector: those of the vectors, rounded up to a multiple of 32. */
  readonly width: number;
  /** Turns `values` (of that width, zero beyond the vector's own numbers) in place. */
  rotate(values: Float64Array): void;
}

/**
 * Rounds of random signs, a fast Walsh-Hadamard transform over the largest power of two that fits (at the
 * front, then at the back) and one of the two halves: no width has to be padded to a power of two.
 */
export function createRotation(dimensions: number): Rotation {
  const width = Math.ceil(dimensions / STEP) * STEP;
  const span = 2 ** Math.floor(Math.log2(width));
  const signs = drawSigns(ROUNDS * width);
  const shrink = 1 / Math.sqrt(2 * span);
  const rest = 1 / Math.SQRT2;
  return {
    width,
    rotate: (values) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const from = round % 2 === 0 ? 0 : width - span;
        for (let at = 0; at < width; at += 1) {
          const isInside = at >= from && at < from + span;
          const sign = signs[round * width + at] ?? 0;
          values[at] = (values[at] ?? 0) * sign * (isInside ? shrink : rest);
        }
        transform(values, from, span);
        mixHalves(values);
      }
    },
  };
}

/** The Walsh-Hadamard transform of `span` values, a power of two; it makes them longer by its root. */
function transform(values: Float64Array, from: number, span: number): void {
  const end = from + span;
  // The first two steps at once: their blocks are too short for loops.
  for (let at = from; at < end; at += 4) {
    const a = values[at] ?? 0;
    const b = values[at + 1] ?? 0;
    const c = values[at + 2] ?? 0;
    const d = values[at + 3] ?? 0;
    values[at] = a + b + (c + d);
    values[at + 1] = a - b + (c - d);
    values[at + 2] = a + b - (c + d);
    values[at + 3] = a - b - (c - d);
  }
  for (let half = 4; half < span; half *= 2) {
    for (let block = from; block < end; block += 2 * half) {
      for (let at = block; at < block + half; at += 1) {
        const a = values[at] ?? 0;
        const b = values[at + half] ?? 0;
        values[at] = a + b;
        values[at + half] = a - b;
      }
    }
  }
}

function mixHalves(values: Float64Array): void {
  const half = values.length / 2;
  for (let at = 0; at < half; at += 1) {
    const a = values[at] ?? 0;
    const b = values[at + half] ?? 0;
    values[at] = a + b;
    values[at + half] = a - b;
  }
}

/** The same ones at every start: codes in a file stay comparable. */
function drawSigns(count: number): Int8Array {
  const signs = new Int8Array(count);
  let state = SEED;
  for (let at = 0; at < count; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    // The upper bits of this generator are its good ones.
    signs[at] = state < 0 ? -1 : 1;
  }
  return signs;
}
