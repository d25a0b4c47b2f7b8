import type { SqlParams, SqlValue } from '@locara/protocol';
import { RpcError } from '@locara/protocol/errors';
import type { BoundParams, StoredValue } from '../database/stored-value.ts';

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/**
 * Wire params to bindings. A name may be written with or without its sign (`:`, `@`, `$`, `?`); a list fills
 * `?` in order, or `?1`, `?2` by their number where the statement `isNumbered`.
 */
export function toBoundParams(
  params: SqlParams | undefined,
  { isNumbered }: { readonly isNumbered: boolean },
): BoundParams {
  if (params === undefined) return [];
  if (Array.isArray(params)) {
    const values = params.map(toStoredValue);
    // The engine knows a numbered parameter by its number as a name.
    return isNumbered
      ? Object.fromEntries(values.map((value, index) => [String(index + 1), value]))
      : values;
  }
  const named = Object.entries(params);
  const bound = Object.fromEntries(
    named.map(([name, value]) => [name.replace(/^[:@$?]/, ''), toStoredValue(value)]),
  );
  if (Object.keys(bound).length === named.length) return bound;
  throw new RpcError('InvalidParams', 'A parameter is given twice, with and without its sign.', {
    details: { rule: 'sql_params' },
  });
}

function toStoredValue(value: SqlValue): StoredValue {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  // A plain number would be bound as REAL, even 1.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if ('base64' in value) return Buffer.from(value.base64, 'base64');
  if ('f32' in value) return toFloatBytes(value.f32);
  const integer = BigInt(value.int64);
  if (integer < MIN_INT64 || integer > MAX_INT64) {
    throw new RpcError('InvalidParams', 'An int64 is out of range.', {
      details: { rule: 'int64' },
    });
  }
  return integer;
}

function toFloatBytes(base64: string): Uint8Array {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length % Float32Array.BYTES_PER_ELEMENT === 0) return bytes;
  throw new RpcError('InvalidParams', 'An f32 value needs whole 32-bit floats.', {
    details: { rule: 'f32' },
  });
}

/** SQLite's value to the wire. Infinities, which JSON does not have, become null. */
export function toWireValue(value: StoredValue): SqlValue {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return toWireInteger(value);
  return { base64: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64') };
}

export function toWireInteger(value: bigint): number | { int64: string } {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : { int64: value.toString() };
}

/** Roughly how many bytes a stored value takes in a JSON message. */
export function countWireBytes(value: StoredValue): number {
  if (typeof value === 'string') return countTextBytes(value) + 2;
  if (value instanceof Uint8Array) return Math.ceil(value.length / 3) * 4 + 16;
  return typeof value === 'bigint' ? 24 : 8;
}

// A control character takes six bytes as an escape; counting all text so would be slow.
function countTextBytes(text: string): number {
  return Buffer.byteLength(/\p{Cc}/u.test(text) ? JSON.stringify(text) : text);
}
