import { createRotation } from './rotation.ts';
import { FACTORS, type WholeSegment } from './segment.ts';

/** Of the standard deviation of one number: where 16 equal steps lose least of a normal distribution. */
const NIBBLE_STEP = 0.3352;
const NIBBLE_MIDDLE = 7.5;

/**
 * Turns vectors into codes (RaBitQ: Gao and Long, 2024 and 2025). With c the centre, x a vector of length one
 * and r = x - c rotated, any code u (signs; nibbles less 7.5) estimates for a query q
 *
 *   cos(x, q) = <x, c> + <c, q - c> + <r, q - c>,   <r, q - c> ~ scale <u, q - c>,   scale = |r|^2 / <u, r>
 *
 * without bias over random rotations; the error's standard deviation is |q - c| times the code's `error`.
 */
export interface Encoder {
  readonly width: number;
  /** Writes the code of a vector into place `at`. */
  encode(vector: Float32Array, into: WholeSegment, at: number): void;
  prepareQuery(vector: Float32Array): CodeQuery;
}

/** A query, ready to be compared with codes. */
export interface CodeQuery {
  /** For each byte of bits, what each of its 256 values adds to <u, q - c>. */
  readonly bitSums: Float32Array;
  /** The rotated q - c. */
  readonly rotated: Float32Array;
  /** What <u, q - c> of nibbles lacks for counting from 0. */
  readonly nibbleShift: number;
  /** <c, q - c>. */
  readonly base: number;
  /** |q - c|. */
  readonly distance: number;
}

export function createEncoder(centre: Float32Array): Encoder {
  const rotation = createRotation(centre.length);
  const { width } = rotation;
  const turned = new Float64Array(width);
  const turn = (vector: Float32Array): number => {
    const scale = 1 / norm(vector);
    turned.fill(0);
    let along = 0;
    for (let at = 0; at < centre.length; at += 1) {
      const value = (vector[at] ?? 0) * scale;
      const middle = centre[at] ?? 0;
      along += value * middle;
      turned[at] = value - middle;
    }
    rotation.rotate(turned);
    return along;
  };
  return {
    width,
    encode: (vector, into, at) => {
      const along = turn(vector);
      const length = norm(turned);
      into.factors[at * FACTORS] = along;
      const place = { turned, length, into, at };
      writeBits(place);
      writeNibbles(place);
    },
    prepareQuery: (vector) => {
      const along = turn(vector);
      return describeQuery(turned, along - norm(centre) ** 2);
    },
  };
}

export function norm(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

interface Place {
  readonly turned: Float64Array;
  readonly length: number;
  readonly into: WholeSegment;
  readonly at: number;
}

function writeBits({ turned, length, into, at }: Place): void {
  const width = turned.length;
  const from = (at * width) / 8;
  let product = 0;
  for (let byte = 0; byte < width / 8; byte += 1) {
    let bits = 0;
    for (let bit = 0; bit < 8; bit += 1) {
      const value = turned[byte * 8 + bit] ?? 0;
      product += Math.abs(value);
      if (value >= 0) bits |= 1 << bit;
    }
    into.coarse[from + byte] = bits;
  }
  writeFactors({ into, first: at * FACTORS + 1, length, product, square: width, width });
}

/** A byte holds the nibbles of two numbers: one of the first half, and, above it, its like in the second. */
function writeNibbles({ turned, length, into, at }: Place): void {
  const width = turned.length;
  const half = width / 2;
  const perStep = length > 0 ? Math.sqrt(width) / (length * NIBBLE_STEP) : 0;
  let product = 0;
  let square = 0;
  const toNibble = (value: number): number => {
    const nibble = Math.max(0, Math.min(15, Math.floor(value * perStep + 8)));
    product += (nibble - NIBBLE_MIDDLE) * value;
    square += (nibble - NIBBLE_MIDDLE) ** 2;
    return nibble;
  };
  for (let byte = 0; byte < half; byte += 1) {
    const low = toNibble(turned[byte] ?? 0);
    const high = toNibble(turned[byte + half] ?? 0);
    into.fine[at * half + byte] = low | (high << 4);
  }
  writeFactors({ into, first: at * FACTORS + 3, length, product, square, width });
}

/** From <u, r> and |u|^2: the scale, and how far the scaled code lies beside r, per root of the width. */
function writeFactors(code: {
  readonly into: WholeSegment;
  readonly first: number;
  readonly length: number;
  readonly product: number;
  readonly square: number;
  readonly width: number;
}): void {
  const { into, first, length, product, square, width } = code;
  const scale = product > 0 ? length ** 2 / product : 0;
  const beside = Math.max(0, scale ** 2 * square - length ** 2);
  into.factors[first] = scale;
  into.factors[first + 1] = Math.sqrt(beside / (width - 1));
}

function describeQuery(turned: Float64Array, base: number): CodeQuery {
  const bitSums = new Float32Array(turned.length * 32);
  for (let byte = 0; byte < turned.length / 8; byte += 1) {
    const sums = bitSums.subarray(byte * 256, (byte + 1) * 256);
    const values = turned.subarray(byte * 8, byte * 8 + 8);
    sums[0] = -values.reduce((sum, value) => sum + value, 0);
    for (let bits = 1; bits < 256; bits += 1) {
      const lowest = 31 - Math.clz32(bits & -bits);
      sums[bits] = (sums[bits & (bits - 1)] ?? 0) + 2 * (values[lowest] ?? 0);
    }
  }
  return {
    bitSums,
    rotated: Float32Array.from(turned),
    nibbleShift: -NIBBLE_MIDDLE * turned.reduce((sum, value) => sum + value, 0),
    base,
    distance: norm(turned),
  };
}
