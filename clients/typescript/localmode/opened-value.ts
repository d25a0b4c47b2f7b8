import { parseJson, type VaultValue } from '@locara/protocol';
import { fromWire } from '../wire-values.ts';

/** The bytes of a value of any type. */
export function toBytes(value: VaultValue): ArrayBuffer {
  if ('base64' in value) return copyOf(Buffer.from(value.base64, 'base64'));
  if ('vector' in value) return copyOf(toFloats(value));
  return copyOf(
    new TextEncoder().encode('text' in value ? value.text : JSON.stringify(value.json)),
  );
}

/** A text, or bytes that are one in UTF-8. Throws TypeError for anything else. */
export function toText(value: VaultValue): string {
  if ('text' in value) return value.text;
  if (!('base64' in value)) throw anotherType('a text');
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(toBytes(value));
}

/** JSON, or bytes that are JSON in UTF-8. Throws TypeError for anything else. */
export function toJson(value: VaultValue): unknown {
  if ('json' in value) return value.json;
  if (!('base64' in value)) throw anotherType('JSON');
  try {
    return parseJson(toText(value));
  } catch {
    // The parser's own message quotes what was decrypted.
    throw anotherType('JSON');
  }
}

/** A vector, or bytes that are one in little-endian floats. Throws TypeError for anything else. */
export function toFloats(value: VaultValue): Float32Array {
  if ('vector' in value) {
    const { vector } = value;
    return Array.isArray(vector) ? Float32Array.from(vector) : floatsOf(vector.f32);
  }
  if (!('base64' in value) || Buffer.byteLength(value.base64, 'base64') % 4 !== 0) {
    throw anotherType('a vector');
  }
  return floatsOf(value.base64);
}

function floatsOf(f32: string): Float32Array {
  return fromWire({ f32 }) as Float32Array;
}

function copyOf({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array): ArrayBuffer {
  return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength)).buffer;
}

function anotherType(wanted: string): TypeError {
  return new TypeError(
    `What was encrypted is not ${wanted}: decrypt it by the function of its type.`,
  );
}
