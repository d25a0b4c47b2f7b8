import { RpcError } from '@locara/protocol/errors';

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
const MAX_CHANNELS = 32;
const MIN_SAMPLE_RATE = 1_000;
const MAX_SAMPLE_RATE = 384_000;
/** What a program that writes into a pipe states, as it cannot come back to correct it. */
const UNKNOWN_SIZE = 0xffff_ffff;
const FRAMES_PER_BLOCK = 16_384;

interface WavLayout {
  readonly channels: number;
  readonly sampleRate: number;
  readonly frames: number;
  readonly bytesPerSample: number;
  /** One sample at a byte offset, as -1..1. */
  readonly readSample: (offset: number) => number;
  readonly dataOffset: number;
}

interface WavChunk {
  readonly id: string;
  readonly offset: number;
  readonly length: number;
}

/** Sound as mono blocks at its own rate, -1..1. */
export interface MonoSound {
  readonly sampleRate: number;
  /** Known before decoding for some formats. */
  readonly frames: number | undefined;
  readonly blocks: AsyncIterable<Float32Array> | Iterable<Float32Array>;
}

/** Opens a WAV file (PCM 8, 16, 24, 32 bits, 32-bit float). Throws UnsupportedMedia with the rule it breaks. */
export function openWav(bytes: Uint8Array): MonoSound {
  const layout = readLayout(bytes);
  return { sampleRate: layout.sampleRate, frames: layout.frames, blocks: readBlocks(layout) };
}

function readLayout(bytes: Uint8Array): WavLayout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks = listChunks(view);
  const format = chunks.find(({ id }) => id === 'fmt ');
  const samples = chunks.find(({ id }) => id === 'data');
  if (format === undefined || format.length < 16) throw brokenWav('wav_no_format');
  if (samples === undefined) throw brokenWav('wav_no_samples');
  const channels = view.getUint16(format.offset + 2, true);
  const sampleRate = view.getUint32(format.offset + 4, true);
  const bits = view.getUint16(format.offset + 14, true);
  if (channels < 1 || channels > MAX_CHANNELS) throw brokenWav('wav_channels');
  if (sampleRate < MIN_SAMPLE_RATE || sampleRate > MAX_SAMPLE_RATE) throw brokenWav('wav_rate');
  const readSample = sampleReader(view, readEncoding(view, format), bits);
  const bytesPerFrame = channels * (bits / 8);
  if (view.getUint16(format.offset + 12, true) !== bytesPerFrame) throw brokenWav('wav_block_size');
  if (samples.length % bytesPerFrame !== 0) throw brokenWav('wav_half_frame');
  return {
    channels,
    sampleRate,
    frames: samples.length / bytesPerFrame,
    bytesPerSample: bits / 8,
    readSample,
    dataOffset: samples.offset,
  };
}

/** Up to the samples: what follows them is tags. Every length is checked against the file's own end. */
function listChunks(view: DataView): WavChunk[] {
  if (view.byteLength < 12 || readId(view, 0) !== 'RIFF' || readId(view, 8) !== 'WAVE')
    throw brokenWav('wav_header');
  const size = view.getUint32(4, true);
  const end = size === UNKNOWN_SIZE ? view.byteLength : 8 + size;
  if (end > view.byteLength) throw brokenWav('wav_truncated');
  const chunks: WavChunk[] = [];
  let at = 12;
  while (at + 8 <= end) {
    const id = readId(view, at);
    const stated = view.getUint32(at + 4, true);
    const isOpen = id === 'data' && size === UNKNOWN_SIZE && stated === UNKNOWN_SIZE;
    const chunk = { id, offset: at + 8, length: isOpen ? end - at - 8 : stated };
    if (chunk.offset + chunk.length > end) throw brokenWav('wav_truncated');
    chunks.push(chunk);
    if (chunk.id === 'data') break;
    at = chunk.offset + chunk.length + (chunk.length % 2);
  }
  return chunks;
}

function readId(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

function readEncoding(view: DataView, format: WavChunk): number {
  const encoding = view.getUint16(format.offset, true);
  if (encoding !== EXTENSIBLE) return encoding;
  if (format.length < 40) throw brokenWav('wav_no_format');
  return view.getUint16(format.offset + 24, true);
}

function sampleReader(view: DataView, encoding: number, bits: number): (offset: number) => number {
  if (encoding === FLOAT && bits === 32) {
    return (at) => toFinite(view.getFloat32(at, true));
  }
  if (encoding === PCM) {
    if (bits === 8) return (at) => (view.getUint8(at) - 128) / 128;
    if (bits === 16) return (at) => view.getInt16(at, true) / 0x8000;
    if (bits === 24) {
      return (at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 0x10000) / 0x80_0000;
    }
    if (bits === 32) return (at) => view.getInt32(at, true) / 0x8000_0000;
  }
  throw brokenWav('wav_encoding');
}

function toFinite(value: number): number {
  return Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) : 0;
}

function* readBlocks(layout: WavLayout): Generator<Float32Array> {
  const { channels, bytesPerSample, readSample } = layout;
  let at = layout.dataOffset;
  for (let frame = 0; frame < layout.frames; frame += FRAMES_PER_BLOCK) {
    const mono = new Float32Array(Math.min(FRAMES_PER_BLOCK, layout.frames - frame));
    for (let i = 0; i < mono.length; i += 1) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel += 1, at += bytesPerSample) {
        sum += readSample(at);
      }
      mono[i] = sum / channels;
    }
    yield mono;
  }
}

function brokenWav(rule: string): RpcError {
  return new RpcError('UnsupportedMedia', 'The WAV file is damaged or of a kind not read here.', {
    details: { rule },
  });
}
