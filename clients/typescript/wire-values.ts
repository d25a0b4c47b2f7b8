import type { SqlValue } from '@locara/protocol';

/** What JSON has no words for: integers beyond ±2^53, bytes, vectors of 32-bit floats. */
export type NativeValue = bigint | Uint8Array | Float32Array;

/** In the shape that params of `db.*` and vectors of `collections.*` have on the wire. */
export function toWire(value: bigint): { readonly int64: string };
export function toWire(value: Float32Array): { readonly f32: string };
export function toWire(value: Uint8Array): { readonly base64: string };
export function toWire(value: NativeValue): SqlValue {
  if (typeof value === 'bigint') return { int64: String(value) };
  const { buffer, byteOffset, byteLength } = value;
  const base64 = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  return value instanceof Float32Array ? { f32: base64 } : { base64 };
}

/** A value of a row, or a vector that was asked for as `f32`; what JSON can carry stays as it is. */
export function fromWire(value: SqlValue): Exclude<SqlValue, object> | NativeValue {
  if (value === null || typeof value !== 'object') return value;
  if ('int64' in value) return BigInt(value.int64);
  if ('base64' in value) return new Uint8Array(Buffer.from(value.base64, 'base64'));
  // A copy: floats begin at a multiple of four, which a piece of a shared buffer need not.
  return new Float32Array(new Uint8Array(Buffer.from(value.f32, 'base64')).buffer);
}
