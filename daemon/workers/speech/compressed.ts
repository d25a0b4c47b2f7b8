import { RpcError } from '@locara/protocol/errors';
import type { AudioFormat } from './audio-format.ts';
import type { MonoSound } from './wav.ts';

type CompressedFormat = Exclude<AudioFormat, 'WAV'>;

interface Decoded {
  readonly channelData: readonly Float32Array[];
  readonly samplesDecoded: number;
  readonly sampleRate: number;
  readonly errors: readonly unknown[];
}

interface Decoder {
  readonly ready: Promise<void>;
  decode(bytes: Uint8Array): Decoded | Promise<Decoded>;
  flush?(): Promise<Decoded>;
  free(): void;
}

interface DecoderPackage {
  readonly package: string;
  readonly exported: string;
  /**
   * Bytes decoded at once. A few bytes can stand for seconds of silence, so the slice bounds the
   * memory that a hostile file can make the decoder take.
   */
  readonly sliceBytes: number;
  /** MPEG frames stand alone: players skip what is between them, as tags of other programs. */
  readonly skipsErrors?: boolean;
}

/** WebAssembly decoders: they work in memory, and a hostile file stays inside their sandbox. */
export const DECODERS: Readonly<Record<CompressedFormat, DecoderPackage>> = {
  MP3: {
    package: 'mpg123-decoder',
    exported: 'MPEGDecoder',
    sliceBytes: 16_384,
    skipsErrors: true,
  },
  FLAC: { package: '@wasm-audio-decoders/flac', exported: 'FLACDecoder', sliceBytes: 1024 },
  'Ogg Vorbis': {
    package: '@wasm-audio-decoders/ogg-vorbis',
    exported: 'OggVorbisDecoder',
    sliceBytes: 1024,
  },
};

/** Opens an MP3, FLAC or Ogg Vorbis file. Throws UnsupportedMedia when damaged or without its decoder. */
export async function openCompressed(
  format: CompressedFormat,
  bytes: Uint8Array,
): Promise<MonoSound> {
  const decoder = await createDecoder(format);
  const parts = decodeSlices(decoder, bytes, DECODERS[format].sliceBytes);
  const blocks = rethrowAsDamaged(parts, format);
  // The rate stands in the first frame: read that far.
  const first = await blocks.next();
  if (first.done === true) throw damaged(format);
  const { sampleRate } = first.value;
  return { sampleRate, frames: undefined, blocks: toMonoBlocks(first.value, blocks) };
}

async function createDecoder(format: CompressedFormat): Promise<Decoder> {
  const { package: name, exported } = DECODERS[format];
  let module: unknown;
  try {
    module = await import(name);
  } catch (cause) {
    throw new RpcError('UnsupportedMedia', `The decoder for ${format} is not installed.`, {
      details: { rule: 'audio_decoder', package: name },
      cause,
    });
  }
  const Constructor = (module as Readonly<Record<string, new () => Decoder>>)[exported];
  if (Constructor === undefined) throw new Error(`${name} does not export ${exported}`);
  const decoder = new Constructor();
  await decoder.ready;
  return decoder;
}

async function* decodeSlices(
  decoder: Decoder,
  bytes: Uint8Array,
  sliceBytes: number,
): AsyncGenerator<Decoded> {
  try {
    for (let at = 0; at < bytes.length; at += sliceBytes) {
      yield await decoder.decode(bytes.subarray(at, at + sliceBytes));
    }
    if (decoder.flush !== undefined) yield await decoder.flush();
  } finally {
    decoder.free();
  }
}

/** Passes on what has sound; a decoder's own complaint, thrown or returned, means a damaged file. */
async function* rethrowAsDamaged(
  parts: AsyncGenerator<Decoded>,
  format: CompressedFormat,
): AsyncGenerator<Decoded> {
  const isLenient = DECODERS[format].skipsErrors ?? false;
  try {
    for await (const part of parts) {
      if (part.errors.length > 0 && !isLenient) throw damaged(format);
      if (part.samplesDecoded > 0) yield part;
    }
  } catch (cause) {
    throw cause instanceof RpcError ? cause : damaged(format, cause);
  }
}

async function* toMonoBlocks(
  first: Decoded,
  rest: AsyncGenerator<Decoded>,
): AsyncGenerator<Float32Array> {
  yield toMono(first);
  for await (const part of rest) {
    if (part.sampleRate !== first.sampleRate) {
      throw new RpcError('UnsupportedMedia', 'The sample rate changes within the recording.', {
        details: { rule: 'audio_rate_changes' },
      });
    }
    yield toMono(part);
  }
}

function toMono({ channelData, samplesDecoded }: Decoded): Float32Array {
  const mono = new Float32Array(samplesDecoded);
  for (const channel of channelData) {
    for (let i = 0; i < mono.length; i += 1) {
      mono[i] = (mono[i] ?? 0) + (channel[i] ?? 0) / channelData.length;
    }
  }
  return mono;
}

function damaged(format: CompressedFormat, cause?: unknown): RpcError {
  return new RpcError('UnsupportedMedia', `The ${format} file is damaged.`, {
    details: { rule: 'audio_damaged' },
    cause,
  });
}
