import { createRotation } from './rotation.ts';
import { FACTORS, type WholeSegment } from './segment.ts';

/** Of the standard deviation of one number: where 16 equal steps lose least of a normal distribution. */
const NIBBLE_STEP = 0.3352;
const NIBBLE_MIDDLE = 7.5;
/** Values of a byte. */
const BYTES = 256;

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
  /** Likewise for each byte of nibbles. */
  readonly nibbleSums: Float32Array;
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
  return Math.sqrt(dot(values, values));
}

function dot(a: Float32Array | Float64Array, b: Float32Array | Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
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
  return { bitSums: sumBits(turned), nibbleSums: sumNibbles(turned), base, distance: norm(turned) };
}

function sumBits(turned: Float64Array): Float32Array {
  const sums = new Float32Array((turned.length / 8) * BYTES);
  for (let byte = 0; byte < turned.length / 8; byte += 1) {
    const values = turned.subarray(byte * 8, byte * 8 + 8);
    const first = byte * BYTES;
    sums[first] = -values.reduce((sum, value) => sum + value, 0);
    for (let bits = 1; bits < BYTES; bits += 1) {
      const lowest = 31 - Math.clz32(bits & -bits);
      sums[first + bits] = (sums[first + (bits & (bits - 1))] ?? 0) + 2 * (values[lowest] ?? 0);
    }
  }
  return sums;
}

function sumNibbles(turned: Float64Array): Float32Array {
  const half = turned.length / 2;
  const sums = new Float32Array(half * BYTES);
  for (let byte = 0; byte < half; byte += 1) {
    const low = turned[byte] ?? 0;
    const high = turned[byte + half] ?? 0;
    for (let nibbles = 0; nibbles < BYTES; nibbles += 1) {
      sums[byte * BYTES + nibbles] =
        low * ((nibbles & 15) - NIBBLE_MIDDLE) + high * ((nibbles >>> 4) - NIBBLE_MIDDLE);
    }
  }
  return sums;
}
