/** Values of a GGUF header as their raw bytes: the type, then the value. */
const TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

export function ggufString(value: string): Buffer {
  return Buffer.concat([u32(TYPE.string), ggufText(value)]);
}

export function ggufU32(value: number): Buffer {
  return Buffer.concat([u32(TYPE.u32), u32(value)]);
}

export function ggufBool(value: boolean): Buffer {
  return Buffer.concat([u32(TYPE.bool), Buffer.of(Number(value))]);
}

export function ggufF32(value: number): Buffer {
  return Buffer.concat([u32(TYPE.f32), Buffer.from(Float32Array.of(value).buffer)]);
}

export function ggufStrings(values: readonly string[]): Buffer {
  return Buffer.concat([arrayHead(TYPE.string, values.length), ...values.map(ggufText)]);
}

export function ggufF32s(values: readonly number[]): Buffer {
  const bytes = Buffer.from(Float32Array.from(values).buffer);
  return Buffer.concat([arrayHead(TYPE.f32, values.length), bytes]);
}

export function ggufI32s(values: readonly number[]): Buffer {
  const bytes = Buffer.from(Int32Array.from(values).buffer);
  return Buffer.concat([arrayHead(TYPE.i32, values.length), bytes]);
}

/** A text behind its length: a key, a name, or one of an array. */
export function ggufText(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function arrayHead(type: number, length: number): Buffer {
  return Buffer.concat([u32(TYPE.array), u32(type), u64(length)]);
}
