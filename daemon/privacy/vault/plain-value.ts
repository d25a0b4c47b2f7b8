import { isUtf8 } from 'node:buffer';
import { parseJsonText, toJsonText } from './json-text.ts';

/** A value in the type in which it comes back. */
export type PlainValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'json'; readonly value: unknown }
  | { readonly type: 'vector'; readonly value: Float32Array };

/** What is encrypted of a value: of a view exactly what it shows, floats in little-endian. */
export function toPlainBytes(plain: PlainValue): Buffer {
  switch (plain.type) {
    case 'string':
      return Buffer.from(plain.value);
    case 'bytes':
    case 'vector': {
      const { buffer, byteOffset, byteLength } = plain.value;
      return Buffer.from(buffer, byteOffset, byteLength);
    }
    case 'json':
      return Buffer.from(toJsonText(plain.value));
  }
}

/** The value again; undefined for bytes that are none of this type. */
export function fromPlainBytes(type: PlainValue['type'], bytes: Buffer): PlainValue | undefined {
  switch (type) {
    case 'string':
      return isUtf8(bytes) ? { type, value: bytes.toString() } : undefined;
    case 'bytes':
      return { type, value: bytes };
    case 'json': {
      const parsed = isUtf8(bytes) ? parseJsonText(bytes.toString()) : undefined;
      return parsed === undefined ? undefined : { type, value: parsed.value };
    }
    case 'vector':
      if (bytes.length % Float32Array.BYTES_PER_ELEMENT !== 0) return undefined;
      return { type, value: new Float32Array(Uint8Array.from(bytes).buffer) };
  }
}
