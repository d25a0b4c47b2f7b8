import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ggufText, u32, u64 } from './gguf-values.ts';

/** A GGUF file in the pieces tests change: metadata values stay raw bytes (type and value). */
export interface GgufParts {
  version: number;
  tensorCount: number;
  readonly metadata: Map<string, Buffer>;
  /** Name, shape, type and offset of each tensor, raw. */
  tensors: Buffer;
  weights: Buffer;
}

const ALIGNMENT = 32;
const FIXED_BYTES: Readonly<Record<number, number>> = { 0: 1, 1: 1, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8 };

export function readGguf(path: string): GgufParts {
  const file = readFileSync(path);
  let at = 24;
  const skipString = () => {
    at += 8 + Number(file.readBigUInt64LE(at));
  };
  const skipValue = (type: number) => {
    if (type === 8) skipString();
    else at += FIXED_BYTES[type] ?? 0;
  };
  const metadata = new Map<string, Buffer>();
  for (let left = Number(file.readBigUInt64LE(16)); left > 0; left--) {
    const keyAt = at + 8;
    skipString();
    const key = file.toString('utf8', keyAt, at);
    const valueAt = at;
    const type = file.readUInt32LE(at);
    at += 4;
    if (type === 9) {
      const itemType = file.readUInt32LE(at);
      const length = Number(file.readBigUInt64LE(at + 4));
      at += 12;
      for (let index = 0; index < length; index++) skipValue(itemType);
    } else skipValue(type);
    metadata.set(key, file.subarray(valueAt, at));
  }
  const tensorCount = Number(file.readBigUInt64LE(8));
  const tensorsAt = at;
  for (let left = tensorCount; left > 0; left--) {
    skipString();
    at += 4 + file.readUInt32LE(at) * 8 + 4 + 8;
  }
  const weightsAt = Math.ceil(at / ALIGNMENT) * ALIGNMENT;
  return {
    version: file.readUInt32LE(4),
    tensorCount,
    metadata,
    tensors: file.subarray(tensorsAt, at),
    weights: file.subarray(weightsAt),
  };
}

/** Writes the parts into a new temporary file. */
export function writeGguf({ version, tensorCount, metadata, tensors, weights }: GgufParts): string {
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(version),
    u64(tensorCount),
    u64(metadata.size),
    ...[...metadata].flatMap(([key, value]) => [ggufText(key), value]),
    tensors,
  ]);
  const padding = Buffer.alloc(Math.ceil(head.length / ALIGNMENT) * ALIGNMENT - head.length);
  return writeModel(Buffer.concat([head, padding, weights]));
}

export function writeModel(bytes: Uint8Array): string {
  const path = join(mkdtempSync(join(tmpdir(), 'locara-gguf-')), 'model.gguf');
  writeFileSync(path, bytes);
  return path;
}
