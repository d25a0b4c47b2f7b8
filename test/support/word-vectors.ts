import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const MODEL = join(import.meta.dirname, '../../models/embedded/glove-sif-96-30k-q8_0.gguf.gz');
const DIMENSIONS = 96;
/** Numbers that share a scale: 2 bytes of it, then a byte for each. */
const BLOCK = 32;
const BLOCK_BYTES = 34;
const ALIGNMENT = 32;
/** Bytes of the value types of GGUF, by their number; strings and lists have no fixed size. */
const TYPE_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
const STRING = 8;
const LIST = 9;

/** The word vectors inside the embedded model: real ones, some twenty thousand of 96 numbers. */
export function readWordVectors(): Float32Array[] {
  const file = gunzipSync(readFileSync(MODEL));
  const { start, width, rows } = findTokenTable(file);
  const rowBytes = (width / BLOCK) * BLOCK_BYTES;
  return Array.from({ length: rows }, (_, row) => readRow(file, start + row * rowBytes)).filter(
    (vector) => vector.some((value) => value !== 0),
  );
}

function readRow(file: Buffer, start: number): Float32Array {
  return Float32Array.from({ length: DIMENSIONS }, (_, at) => {
    const block = start + Math.floor(at / BLOCK) * BLOCK_BYTES;
    return readHalf(file.readUInt16LE(block)) * file.readInt8(block + 2 + (at % BLOCK));
  });
}

/** A 16-bit float, by its bits. */
function readHalf(bits: number): number {
  const sign = bits >>> 15 === 1 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

function findTokenTable(file: Buffer): { start: number; width: number; rows: number } {
  let at = 8;
  const count = (): number => Number(file.readBigUInt64LE((at += 8) - 8));
  const word = (): number => file.readUInt32LE((at += 4) - 4);
  const text = (): string => {
    const length = count();
    return file.toString('utf8', at, (at += length));
  };
  const skip = (type: number): void => {
    if (type === STRING) text();
    else if (type === LIST) {
      const inner = word();
      for (let left = count(); left > 0; left -= 1) skip(inner);
    } else at += TYPE_BYTES[type] ?? 0;
  };
  const tensors = count();
  for (let left = count(); left > 0; left -= 1) {
    text();
    skip(word());
  }
  let found = { offset: -1, width: 0, rows: 0 };
  for (let left = tensors; left > 0; left -= 1) {
    const name = text();
    const shape = Array.from({ length: word() }, count);
    word();
    const offset = count();
    const [width = 0, rows = 0] = shape;
    if (name === 'token_embd.weight') found = { offset, width, rows };
  }
  return { ...found, start: Math.ceil(at / ALIGNMENT) * ALIGNMENT + found.offset };
}
