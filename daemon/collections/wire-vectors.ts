import { RpcError, type Vector } from '@locara/protocol';
import { toF32 } from '../stores/collections/vectors/vector-blob.ts';

/** Throws InvalidParams for bytes that are not whole 32-bit floats. */
export function toFloats(vector: Vector): Float32Array {
  if (Array.isArray(vector)) return copyFloats(vector, new Float32Array(vector.length));
  const bytes = Buffer.from(vector.f32, 'base64');
  if (bytes.length > 0 && bytes.length % Float32Array.BYTES_PER_ELEMENT === 0) {
    return new Float32Array(Uint8Array.from(bytes).buffer);
  }
  throw refused('An f32 vector needs whole 32-bit floats.', 'vector');
}

/** All vectors that a record came with. Throws InvalidParams where `vector` is not the first of `vectors`. */
export function toSupplied({
  vector,
  vectors,
}: {
  readonly vector?: Vector | undefined;
  readonly vectors?: readonly Vector[] | undefined;
}): readonly Float32Array[] {
  const first = vector === undefined ? [] : [toFloats(vector)];
  if (vectors === undefined) return first;
  const all = vectors.map(toFloats);
  if (first.every((floats) => isEqual(floats, all[0]))) return all;
  throw refused('`vector` must be the first of `vectors`.', 'vectors');
}

export function toWireVector(vector: Float32Array, encoding: 'float' | 'f32'): Vector {
  return encoding === 'float'
    ? copyFloats(vector, new Array<number>(vector.length))
    : toF32(vector);
}

/** Ten to forty times as fast as spreading and `from`, which thousands of vectors feel. */
function copyFloats<T extends Float32Array | number[]>(from: ArrayLike<number>, to: T): T {
  for (let at = 0; at < from.length; at += 1) to[at] = from[at] ?? 0;
  return to;
}

function isEqual(one: Float32Array, other: Float32Array | undefined): boolean {
  return one.length === other?.length && one.every((value, at) => Object.is(value, other[at]));
}

function refused(message: string, rule: string): RpcError {
  return new RpcError('InvalidParams', message, { details: { rule } });
}
