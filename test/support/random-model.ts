import { createCipheriv, createHash, randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ggufText, u32, u64 } from './gguf-values.ts';
import { SHAPE_TENSORS, type ShapedTensor, shapeMetadata } from './random-shape.ts';

/** A model of real size whose weights mean nothing: as fast as a real one, and nobody has to download it. */
export interface RandomModel {
  readonly path: string;
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** What the writer below makes; it changes with every change of the shape or of the weights. */
const MODEL = {
  name: 'random-135m-q8_0.gguf',
  sha256: '321ffd114b20b74bfe54da293344b1f8f5103a113a6fa7760908b4b83bba599d',
  bytes: 144_153_664,
} as const;

/** The model in the temporary folder of the system, written there by the first who asks. */
export function prepareRandomModel(): RandomModel {
  const folder = join(tmpdir(), 'locara-random-models');
  const path = join(folder, `${MODEL.sha256}.gguf`);
  const model = { ...MODEL, path };
  if (statSync(path, { throwIfNoEntry: false })?.size === MODEL.bytes) return model;
  mkdirSync(folder, { recursive: true });
  const partial = join(folder, `${randomUUID()}.partial`);
  const written = writeRandomModel(partial);
  if (written.sha256 !== MODEL.sha256 || written.bytes !== MODEL.bytes) {
    rmSync(partial);
    throw new Error(`the random model has become ${JSON.stringify(written)}`);
  }
  renameSync(partial, path);
  return model;
}

/** Writes the model; returns what it has become. The same bytes every time. */
export function writeRandomModel(path: string): Pick<RandomModel, 'sha256' | 'bytes'> {
  const hash = createHash('sha256');
  const file = openSync(path, 'w', 0o600);
  let bytes = 0;
  const append = (piece: Buffer): void => {
    const padding = Buffer.alloc(paddedBytes(piece.length) - piece.length);
    for (const part of [piece, padding]) {
      hash.update(part);
      bytes += writeSync(file, part);
    }
  };
  const noise = createNoise();
  append(createHead());
  for (const { shape } of SHAPE_TENSORS) append(createWeights(shape, noise));
  closeSync(file);
  return { sha256: hash.digest('hex'), bytes };
}

const ALIGNMENT = 32;
const TENSOR_TYPE = { f32: 0, q8: 8 } as const;
/** 32 weights of one byte behind their common factor, a half-precision number. */
const BLOCK_WEIGHTS = 32;
const BLOCK_BYTES = 34;

function paddedBytes(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function tensorBytes([width, rows]: ShapedTensor['shape']): number {
  return rows === undefined ? width * 4 : ((width * rows) / BLOCK_WEIGHTS) * BLOCK_BYTES;
}

function createHead(): Buffer {
  const metadata = shapeMetadata();
  let offset = 0;
  const tensors = SHAPE_TENSORS.map(({ name, shape }) => {
    const type = shape.length === 1 ? TENSOR_TYPE.f32 : TENSOR_TYPE.q8;
    const described = [ggufText(name), u32(shape.length), ...shape.map(u64), u32(type)];
    const placed = Buffer.concat([...described, u64(offset)]);
    offset += paddedBytes(tensorBytes(shape));
    return placed;
  });
  return Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(tensors.length),
    u64(metadata.size),
    ...[...metadata].flatMap(([key, value]) => [ggufText(key), value]),
    ...tensors,
  ]);
}

/** Random bytes, the same in every run, as fast as a cipher makes them. */
type Noise = (bytes: number) => Buffer;

function createNoise(): Noise {
  const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16, 'locara'), Buffer.alloc(16));
  return (bytes) => stream.update(Buffer.alloc(bytes));
}

/** How far bytes spread that are all equally likely. */
const BYTE_DEVIATION = Math.sqrt((256 ** 2 - 1) / 12);

/** Weights that spread as those of a fresh model: activations neither vanish nor explode. */
function createWeights(shape: ShapedTensor['shape'], noise: Noise): Buffer {
  const [width, rows] = shape;
  if (rows === undefined) return Buffer.from(new Float32Array(width).fill(1).buffer);
  const factorBits = toHalf(1 / (BYTE_DEVIATION * Math.sqrt(width)));
  const weights = noise(tensorBytes(shape));
  for (let at = 0; at < weights.length; at += BLOCK_BYTES) weights.writeUInt16LE(factorBits, at);
  return weights;
}

/** The bits of a positive number as one of half precision, rounded down. It must lie within 2⁻¹⁴ to 65,504. */
function toHalf(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
  const exponent = (bits >>> 23) - 127;
  return ((exponent + 15) << 10) | ((bits & 0x7f_ffff) >>> 13);
}
