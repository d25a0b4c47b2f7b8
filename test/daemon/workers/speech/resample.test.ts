import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resample } from '../../../../daemon/workers/speech/resample.ts';

function tone(hz: number, sampleRate: number, seconds = 1): Float32Array {
  return Float32Array.from(
    { length: Math.round(sampleRate * seconds) },
    (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / sampleRate),
  );
}

async function toSamples(blocks: Float32Array[], sampleRate: number): Promise<number[]> {
  const samples: number[] = [];
  for await (const block of resample(blocks, sampleRate)) samples.push(...block);
  return samples;
}

/** Root of the mean square, full scale 1, without the edges. */
function loudness(samples: readonly number[]): number {
  const middle = samples.slice(800, -800);
  return Math.sqrt(middle.reduce((sum, x) => sum + (x / 0x8000) ** 2, 0) / middle.length);
}

describe('resampling to 16 kHz', () => {
  test.each([8000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000, 44_099, 384_000])(
    'keeps a tone of 1 kHz at %d Hz, sample for sample',
    async (sampleRate) => {
      const samples = await toSamples([tone(1000, sampleRate)], sampleRate);
      expect(samples.length).toBe(16_000);
      const expected = tone(1000, 16_000);
      const worst = samples
        .slice(800, -800)
        .map((value, i) => Math.abs(value / 0x8000 - (expected[i + 800] ?? 0)));
      expect(Math.max(...worst)).toBeLessThan(0.002);
    },
  );

  test.each([9000, 12_000, 15_000, 20_000])(
    'takes away a tone of %d Hz, which 16 kHz cannot hold',
    async (hz) => {
      const samples = await toSamples([tone(hz, 48_000)], 48_000);
      expect(loudness(samples)).toBeLessThan(0.0005);
    },
  );

  test('leaves 16 kHz as it is', async () => {
    expect(await toSamples([Float32Array.of(0, 0.5, -1, 1)], 16_000)).toEqual([
      0, 16_384, -32_768, 32_767,
    ]);
  });

  test('gives the same samples however the sound is cut into blocks', async () => {
    const sound = tone(700, 44_100, 0.2);
    const whole = await toSamples([sound], 44_100);
    const cuts = fc.array(fc.nat(sound.length), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const edges = [0, ...places.toSorted((a, b) => a - b), sound.length];
        const blocks = edges.slice(1).map((edge, i) => sound.subarray(edges[i], edge));
        expect(await toSamples(blocks, 44_100)).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });
});
