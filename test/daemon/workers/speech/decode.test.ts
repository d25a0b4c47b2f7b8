import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RpcError } from '@locara/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openRecording } from '../../../../daemon/workers/speech/decode.ts';
import { readClip } from '../../../support/sound.ts';

const AUDIO = join(import.meta.dirname, '../../../fixtures/audio');

async function decode(bytes: Uint8Array): Promise<Int16Array> {
  const recording = await openRecording(bytes);
  const samples: number[] = [];
  for await (const block of recording.blocks) samples.push(...block);
  return Int16Array.from(samples);
}

/** How much of one sound is in another, 1 for the same. */
function likeness(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const [x = 0, y = 0] = [a[i], b[i]];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}

const COMPRESSED = [
  ['goforward.mp3', 'MP3'],
  ['goforward.flac', 'FLAC'],
  ['goforward.ogg', 'Ogg Vorbis'],
] as const;

describe('decoding a recording in memory', () => {
  test.each(['goforward.wav', ...COMPRESSED.map(([name]) => name)])(
    'gives the same sound from %s',
    async (name) => {
      const samples = await decode(readFileSync(join(AUDIO, name)));
      const original = readClip('goforward.wav');
      expect(samples.length).toBe(original.length);
      expect(likeness(samples, original)).toBeGreaterThan(0.97);
    },
  );

  test('skips what other programs add to an MP3', async () => {
    const mp3 = readFileSync(join(AUDIO, 'goforward.mp3'));
    const tagged = Buffer.concat([mp3, Buffer.alloc(5000), Buffer.from('APETAGEX'.repeat(20))]);
    expect((await decode(tagged)).length).toBe((await decode(mp3)).length);
  });

  test.each(COMPRESSED)('calls %s damaged when there is only a header', async (name, format) => {
    const header = readFileSync(join(AUDIO, name)).subarray(0, format === 'MP3' ? 4 : 60);
    await expect(decode(header)).rejects.toMatchObject({
      reason: 'UnsupportedMedia',
      details: { rule: 'audio_damaged' },
    });
  });

  test('names what is readable when given Opus', async () => {
    await expect(decode(readFileSync(join(AUDIO, 'goforward.opus')))).rejects.toMatchObject({
      reason: 'UnsupportedMedia',
      message: 'The audio is Opus; readable are WAV, FLAC, Ogg Vorbis, MP3.',
    });
  });

  test.each(COMPRESSED)('throws nothing but typed errors when %s is damaged', async (name) => {
    const original = readFileSync(join(AUDIO, name));
    const changes = fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), {
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(original.length), async (edits, end) => {
        const damaged = Uint8Array.from(original).subarray(0, end);
        for (const [at, value] of edits) damaged[at] = value;
        try {
          await decode(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(RpcError);
        }
      }),
      { numRuns: 40 },
    );
  });
});
