import { RpcError } from '@locara/protocol/errors';

// Squares of 32-bit floats beyond these vanish or overflow, and one such record would spoil every search.
const SHORTEST_VECTOR = 1e-15;
const LONGEST_VECTOR = 1e15;

/** Throws InvalidParams for a vector whose direction cannot be told: not finite, zero or nearly, or huge. */
export function assertUsableVector(vector: Float32Array): void {
  let squares = 0;
  // Not `reduce`, which takes twice as long, and vectors come by the thousand.
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  if (length >= SHORTEST_VECTOR && length <= LONGEST_VECTOR) return;
  throw new RpcError('InvalidParams', 'A vector needs finite numbers and a length to compare.', {
    details: { rule: 'vector' },
  });
}

/** The stored form of a vector: 32-bit floats in little-endian order, as sqlite-vec reads them. */
export function toBlob(vector: Float32Array): Uint8Array {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** As it is on the wire and in JSON Lines. */
export function toF32(vector: Float32Array): { readonly f32: string } {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return { f32: bytes.toString('base64') };
}

export function toFloats(blob: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(blob).buffer, 0, blob.byteLength >>> 2);
}

/** Added up in double precision; NaN where the stored one is not a vector of that length. */
export function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return NaN;
  let product = 0;
  let squareA = 0;
  let squareB = 0;
  for (let at = 0; at < a.length; at += 1) {
    const x = a[at] ?? 0;
    const y = b[at] ?? 0;
    product += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  return Math.max(-1, Math.min(1, product / Math.sqrt(squareA * squareB)));
}
