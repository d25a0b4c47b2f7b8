import { RpcError } from '@locara/protocol/errors';
import { type AudioFormat, recogniseAudio } from './audio-format.ts';
import { openCompressed } from './compressed.ts';
import { resample, SAMPLES_PER_MS } from './resample.ts';
import { type MonoSound, openWav } from './wav.ts';

/** Longest recording, four hours. */
const MAX_DURATION_MS = 4 * 60 * 60 * 1000;

/** A recording as 16 kHz mono, decoded as it is read: memory does not grow with its length. */
export interface Recording {
  /** Known before decoding for some formats. */
  readonly totalMs: number | undefined;
  readonly blocks: AsyncIterable<Int16Array<ArrayBuffer>>;
  /** How much of it has been read. */
  decodedMs(): number;
}

const DECODERS: Readonly<Record<AudioFormat, (bytes: Uint8Array) => Promise<MonoSound>>> = {
  WAV: (bytes) => Promise.resolve(openWav(bytes)),
  MP3: (bytes) => openCompressed('MP3', bytes),
  FLAC: (bytes) => openCompressed('FLAC', bytes),
  'Ogg Vorbis': (bytes) => openCompressed('Ogg Vorbis', bytes),
};

/**
 * Opens an audio file held in memory. Throws UnsupportedMedia (unknown, damaged, no decoder) and
 * PayloadTooLarge (too long), at once or while its blocks are read.
 */
export async function openRecording(bytes: Uint8Array): Promise<Recording> {
  const sound = await DECODERS[recogniseAudio(bytes)](bytes);
  const { sampleRate, frames } = sound;
  const totalMs = frames === undefined ? undefined : Math.round((frames * 1000) / sampleRate);
  if (totalMs !== undefined) assertNotTooLong(totalMs);
  let samples = 0;
  const decodedMs = (): number => Math.round(samples / SAMPLES_PER_MS);
  async function* readBlocks(): AsyncGenerator<Int16Array<ArrayBuffer>> {
    for await (const block of resample(sound.blocks, sampleRate)) {
      samples += block.length;
      assertNotTooLong(decodedMs());
      yield block;
    }
  }
  return { totalMs, blocks: readBlocks(), decodedMs };
}

function assertNotTooLong(durationMs: number): void {
  if (durationMs <= MAX_DURATION_MS) return;
  throw new RpcError('PayloadTooLarge', 'The recording is longer than four hours.', {
    details: { maxDurationMs: MAX_DURATION_MS },
  });
}
