import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  findVoiceChunks,
  type Span,
  type VoiceChunk,
} from '../../../../daemon/workers/speech/voice-chunks.ts';

const PER_MS = 16;
const WINDOW_MS = 6000;

/** Loud where there is speech; every sample that is not 0 is speech. */
function sound(
  totalMs: number,
  speechMs: readonly (readonly [number, number])[],
): Int16Array<ArrayBuffer> {
  const samples = new Int16Array(totalMs * PER_MS);
  for (const [from, to] of speechMs) samples.fill(5000, from * PER_MS, to * PER_MS);
  return samples;
}

/** Finds the runs that are not silent. */
function detectSpeech(samples: Int16Array): Promise<Span[]> {
  const spans: Span[] = [];
  let from: number | undefined;
  for (let i = 0; i <= samples.length; i += 1) {
    const isSpeech = i < samples.length && samples[i] !== 0;
    if (isSpeech) from ??= i;
    else if (from !== undefined) {
      spans.push({ from, to: i });
      from = undefined;
    }
  }
  return Promise.resolve(spans);
}

async function chunksOf(samples: Int16Array<ArrayBuffer>, blockMs = 1000): Promise<VoiceChunk[]> {
  async function* blocks(): AsyncGenerator<Int16Array<ArrayBuffer>> {
    await Promise.resolve();
    for (let at = 0; at < samples.length; at += blockMs * PER_MS) {
      yield samples.slice(at, at + blockMs * PER_MS);
    }
  }
  const chunks: VoiceChunk[] = [];
  for await (const chunk of findVoiceChunks(blocks(), { windowMs: WINDOW_MS, detectSpeech })) {
    chunks.push(chunk);
  }
  return chunks;
}

function speechTimes(chunks: readonly VoiceChunk[]): (readonly [number, number])[] {
  return chunks.map(({ speechStartMs, speechEndMs }) => [speechStartMs, speechEndMs]);
}

describe('cutting sound into chunks of speech', () => {
  test('keeps phrases apart that a pause of a tenth of the window parts', async () => {
    const samples = sound(5000, [
      [500, 1500],
      [2100, 3000],
    ]);
    expect(speechTimes(await chunksOf(samples))).toEqual([
      [500, 1500],
      [2100, 3000],
    ]);
  });

  test('joins phrases with a shorter pause', async () => {
    const samples = sound(5000, [
      [500, 1500],
      [2099, 3000],
    ]);
    expect(speechTimes(await chunksOf(samples))).toEqual([[500, 3000]]);
  });

  test('does not join beyond the window', async () => {
    const samples = sound(9000, [
      [500, 4500],
      [4800, 7500],
    ]);
    expect(speechTimes(await chunksOf(samples))).toEqual([
      [500, 4500],
      [4800, 7500],
    ]);
  });

  test('keeps a little quiet around speech', async () => {
    const [chunk] = await chunksOf(sound(3000, [[500, 1500]]));
    expect(chunk?.startMs).toBe(400);
    expect(chunk?.samples.length).toBe(1200 * PER_MS);
  });

  test('cuts long speech at its quietest point', async () => {
    const samples = sound(10_000, [[0, 10_000]]);
    samples.fill(20, 4000 * PER_MS, 4100 * PER_MS);
    const [first, second] = await chunksOf(samples);
    expect(first?.speechEndMs).toBeGreaterThan(4000);
    expect(first?.speechEndMs).toBeLessThan(4100);
    expect(second?.speechStartMs).toBe(first?.speechEndMs);
  });

  test('hears speech that goes on over the end of a piece once, and whole', async () => {
    const samples = sound(70_000, [
      [28_000, 31_500],
      [57_500, 62_000],
    ]);
    expect(speechTimes(await chunksOf(samples))).toEqual([
      [28_000, 31_500],
      [57_500, 62_000],
    ]);
  });

  test('finds nothing in silence, and nothing in nothing', async () => {
    expect(await chunksOf(sound(65_000, []))).toEqual([]);
    expect(await chunksOf(new Int16Array(0))).toEqual([]);
  });

  test('covers all speech once, in order, in chunks that fit the window', async () => {
    const phrases = fc.array(
      fc.record({
        pauseMs: fc.integer({ min: 1, max: 4000 }),
        speechMs: fc.integer({ min: 50, max: 15_000 }),
      }),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(phrases, fc.integer({ min: 100, max: 9000 }), async (parts, blockMs) => {
        const speech: [number, number][] = [];
        let at = 0;
        for (const { pauseMs, speechMs } of parts) {
          speech.push([at + pauseMs, at + pauseMs + speechMs]);
          at += pauseMs + speechMs;
        }
        const chunks = await chunksOf(sound(at + 500, speech), blockMs);
        const heard = new Uint8Array(at + 500);
        let end = 0;
        for (const chunk of chunks) {
          expect(chunk.samples.length).toBeLessThanOrEqual(WINDOW_MS * PER_MS);
          expect(chunk.startMs).toBeGreaterThanOrEqual(end - 1);
          end = Math.round(chunk.startMs + chunk.samples.length / PER_MS);
          heard.fill(1, chunk.speechStartMs, chunk.speechEndMs);
        }
        for (const [from, to] of speech) expect(heard.subarray(from, to).every(Boolean)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
