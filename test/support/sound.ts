import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const AUDIO = join(import.meta.dirname, '../fixtures/audio');
const RATE = 16_000;

/** The samples of a 16 kHz mono fixture, -1..1. */
export function readClip(name: string): Float32Array {
  const bytes = readFileSync(join(AUDIO, name));
  return Float32Array.from({ length: (bytes.length - 44) >> 1 }, (_, i) => {
    return bytes.readInt16LE(44 + 2 * i) / 0x8000;
  });
}

export function silence(ms: number): Float32Array {
  return new Float32Array((ms * RATE) / 1000);
}

export function mixSamples(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

interface WavOptions {
  readonly sampleRate?: number;
  readonly channels?: number;
  /** 16 by default; 32 with `float` is IEEE float. */
  readonly bits?: 8 | 16 | 24 | 32;
  readonly float?: boolean;
}

/** Writes 16 kHz mono samples as a WAV file of any kind (other rates by linear interpolation). */
export function toWav(samples: Float32Array, options: WavOptions = {}): Uint8Array {
  const { sampleRate = RATE, channels = 1, bits = 16, float = false } = options;
  const frames = Math.round((samples.length * sampleRate) / RATE);
  const frameBytes = (channels * bits) / 8;
  const wav = Buffer.alloc(44 + frames * frameBytes);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(float ? 3 : 1, 20);
  wav.writeUInt16LE(channels, 22);
  wav.writeUInt32LE(sampleRate, 24);
  wav.writeUInt32LE(sampleRate * frameBytes, 28);
  wav.writeUInt16LE(frameBytes, 32);
  wav.writeUInt16LE(bits, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(frames * frameBytes, 40);
  for (let i = 0; i < frames * channels; i += 1) {
    const place = (Math.floor(i / channels) * RATE) / sampleRate;
    const before = samples[Math.floor(place)] ?? 0;
    const after = samples[Math.floor(place) + 1] ?? before;
    const value = before + (after - before) * (place % 1);
    const at = 44 + (i * bits) / 8;
    if (float) wav.writeFloatLE(value, at);
    else if (bits === 8) wav.writeUInt8(Math.round(value * 127) + 128, at);
    else wav.writeIntLE(Math.round(value * (2 ** (bits - 1) - 1)), at, bits / 8);
  }
  return wav;
}
