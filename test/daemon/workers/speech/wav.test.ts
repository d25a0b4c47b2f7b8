import { RpcError } from '@locara/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openRecording } from '../../../../daemon/workers/speech/decode.ts';
import { openWav } from '../../../../daemon/workers/speech/wav.ts';
import { toWav } from '../../../support/sound.ts';

const WAVE = Float32Array.from({ length: 1600 }, (_, i) => Math.sin(i / 9) * 0.8);

function patch(write: (view: DataView) => void, wav = toWav(WAVE)): Uint8Array {
  const copy = Uint8Array.from(wav);
  write(new DataView(copy.buffer));
  return copy;
}

function readAll(bytes: Uint8Array): Float32Array {
  const samples: number[] = [];
  for (const block of openWav(bytes).blocks as Iterable<Float32Array>) samples.push(...block);
  return Float32Array.from(samples);
}

describe('the WAV parser', () => {
  test.each([
    [{ bits: 8 }, 0.02],
    [{ bits: 16 }, 1e-4],
    [{ bits: 24 }, 1e-6],
    [{ bits: 32 }, 1e-6],
    [{ bits: 32, float: true }, 1e-7],
    [{ bits: 16, channels: 2 }, 1e-4],
    [{ bits: 24, channels: 6 }, 1e-6],
  ] as const)('reads %o within %d', (options, tolerance) => {
    const samples = readAll(toWav(WAVE, options));
    expect(samples.length).toBe(WAVE.length);
    const worst = Math.max(...samples.map((value, i) => Math.abs(value - (WAVE[i] ?? 0))));
    expect(worst).toBeLessThan(tolerance);
  });

  test('reads the extensible header', () => {
    const plain = Buffer.from(toWav(WAVE));
    const format = Buffer.alloc(40);
    plain.copy(format, 0, 20, 36);
    format.writeUInt16LE(0xfffe, 0);
    format.writeUInt16LE(22, 16);
    format.writeUInt16LE(1, 24);
    const wav = Buffer.concat([plain.subarray(0, 20), format, plain.subarray(36)]);
    wav.writeUInt32LE(40, 16);
    wav.writeUInt32LE(wav.length - 8, 4);
    expect(readAll(wav).length).toBe(WAVE.length);
  });

  test('skips chunks it does not know, with their padding', () => {
    const plain = Buffer.from(toWav(WAVE));
    const list = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1');
    const wav = Buffer.concat([plain.subarray(0, 12), list, plain.subarray(12)]);
    wav.writeUInt32LE(wav.length - 8, 4);
    expect(readAll(wav).length).toBe(WAVE.length);
  });

  test('reads to the end what was written into a pipe, with sizes unknown', () => {
    const piped = patch((view) => {
      view.setUint32(4, 0xffff_ffff, true);
      view.setUint32(40, 0xffff_ffff, true);
    });
    expect(readAll(piped)).toEqual(readAll(toWav(WAVE)));
  });

  test('takes floats that are no numbers for silence and cuts what is too loud', () => {
    const wav = toWav(Float32Array.of(NaN, Infinity, 7, -7, 0.5), { bits: 32, float: true });
    expect([...readAll(wav)]).toEqual([0, 0, 1, -1, 0.5]);
  });

  test.each([
    ['wav_truncated', toWav(WAVE).subarray(0, 20)],
    ['wav_truncated', toWav(WAVE).subarray(0, 44)],
    ['wav_truncated', toWav(WAVE).subarray(0, -2)],
    [
      'wav_truncated',
      patch((view) => {
        view.setUint32(4, 0xffff_fff0, true);
      }),
    ],
    [
      'wav_truncated',
      patch((view) => {
        view.setUint32(40, 0xffff_ffff, true);
      }),
    ],
    [
      'wav_truncated',
      patch((view) => {
        view.setUint32(16, 0x7fff_ffff, true);
      }),
    ],
    [
      'wav_no_format',
      patch((view) => {
        view.setUint32(4, 4, true);
      }),
    ],
    [
      'wav_no_samples',
      patch((view) => {
        view.setUint32(4, 28, true);
      }),
    ],
    [
      'wav_no_format',
      patch((view) => {
        view.setUint8(12, 0x46);
      }),
    ],
    [
      'wav_channels',
      patch((view) => {
        view.setUint16(22, 0, true);
      }),
    ],
    [
      'wav_channels',
      patch((view) => {
        view.setUint16(22, 0xffff, true);
      }),
    ],
    [
      'wav_rate',
      patch((view) => {
        view.setUint32(24, 0, true);
      }),
    ],
    [
      'wav_rate',
      patch((view) => {
        view.setUint32(24, 0xffff_ffff, true);
      }),
    ],
    [
      'wav_encoding',
      patch((view) => {
        view.setUint16(34, 0, true);
      }),
    ],
    [
      'wav_encoding',
      patch((view) => {
        view.setUint16(34, 13, true);
      }),
    ],
    [
      'wav_encoding',
      patch((view) => {
        view.setUint16(20, 2, true);
      }),
    ],
    [
      'wav_block_size',
      patch((view) => {
        view.setUint16(32, 0, true);
      }),
    ],
    [
      'wav_half_frame',
      patch((view) => {
        view.setUint32(40, WAVE.length * 2 - 1, true);
      }),
    ],
  ])('answers %s', (rule, wav) => {
    expect(() => openWav(wav)).toThrow(
      expect.objectContaining({ reason: 'UnsupportedMedia', details: { rule } }),
    );
  });

  test('refuses a recording of more than four hours before reading it', async () => {
    const frames = 4 * 60 * 60 * 1000 + 1; // at 1000 Hz
    const wav = Buffer.concat([toWav(new Float32Array(0), { bits: 8 }), Buffer.alloc(frames)]);
    wav.writeUInt32LE(wav.length - 8, 4);
    wav.writeUInt32LE(1000, 24);
    wav.writeUInt32LE(frames, 40);
    await expect(openRecording(wav)).rejects.toMatchObject({ reason: 'PayloadTooLarge' });
  });

  test('throws nothing but typed errors, whatever is changed or cut', async () => {
    const header = fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 8 });
    const length = fc.integer({ min: 0, max: 400 });
    await fc.assert(
      fc.asyncProperty(header, length, fc.boolean(), async (changes, end, isFloat) => {
        const source = toWav(WAVE.subarray(0, 150), isFloat ? { bits: 32, float: true } : {});
        const wav = Uint8Array.from(source).subarray(0, end);
        for (const [at, value] of changes) wav[at] = value;
        try {
          const recording = await openRecording(wav);
          let samples = 0;
          for await (const block of recording.blocks) samples += block.length;
          expect(Number.isInteger(samples)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RpcError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
