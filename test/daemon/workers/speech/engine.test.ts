import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress, Segment } from '@locara/protocol';
import { beforeAll, describe, expect, test } from 'vitest';
import type { LoadedEngine } from '../../../../daemon/workers/engine.ts';
import { createSpeechEngine } from '../../../../daemon/workers/speech/engine.ts';
import type { SpeechOps, TranscribeParams } from '../../../../daemon/workers/speech/ops.ts';
import { unpackEmbeddedModel } from '../../../support/embedded-model.ts';
import { mixSamples, readClip, silence, toWav } from '../../../support/sound.ts';

const AUDIO = join(import.meta.dirname, '../../../fixtures/audio');

let engine: LoadedEngine<SpeechOps>;

beforeAll(() => {
  engine = createSpeechEngine({
    modelPath: unpackEmbeddedModel('micro-whisper-en'),
    vadModelPath: unpackEmbeddedModel('silero-vad'),
    windowMs: 6000,
    threads: 1,
  });
});

interface Outcome {
  readonly result: SpeechOps['transcribe']['result'];
  readonly chunks: readonly Segment[];
  readonly progress: readonly Progress[];
}

async function transcribe(
  audio: Uint8Array,
  options: Partial<TranscribeParams> & { readonly signal?: AbortSignal } = {},
): Promise<Outcome> {
  const { signal = new AbortController().signal, ...params } = options;
  const chunks: Segment[] = [];
  const progress: Progress[] = [];
  const result = await engine.engine.transcribe(
    { audio, language: 'en', translate: false, words: false, ...params },
    {
      signal,
      chunk: (segment) => chunks.push(segment),
      progress: (step) => progress.push(step),
    },
  );
  return { result, chunks, progress };
}

function fixture(name: string): Uint8Array {
  return readFileSync(join(AUDIO, name));
}

describe('the speech engine', () => {
  test('hears what a person said', async () => {
    const { result } = await transcribe(fixture('goforward.wav'));
    expect(result).toMatchObject({ text: 'go forward ten meters', language: 'en' });
    expect(result.durationMs).toBe(2786);
  });

  test.each([
    ['clip-00.wav', 'one two three'],
    ['clip-01.wav', 'open the file'],
    ['clip-05.wav', 'go forward ten meters'],
  ])('hears %s as "%s"', async (name, text) => {
    const { result } = await transcribe(fixture(name));
    expect(result.text).toBe(text);
  });

  test('tells phrases apart by their pauses, with their times', async () => {
    const { result } = await transcribe(fixture('multi.wav'));
    expect(result.segments.map(({ text }) => text)).toEqual([
      'one two three',
      'open the file',
      'turn left and stop',
    ]);
    const expected = [
      [160, 1180],
      [1990, 3170],
      [4030, 5600],
    ] as const;
    for (const [i, [startMs, endMs]] of expected.entries()) {
      expect(Math.abs((result.segments[i]?.startMs ?? 0) - startMs)).toBeLessThan(150);
      expect(Math.abs((result.segments[i]?.endMs ?? 0) - endMs)).toBeLessThan(150);
    }
    expect(result.text).toBe('one two three open the file turn left and stop');
  });

  test('sends each segment as it is ready, with the progress of the recording', async () => {
    const { result, chunks, progress } = await transcribe(fixture('multi.wav'));
    expect(chunks).toEqual(result.segments);
    expect(progress.length).toBeGreaterThanOrEqual(4);
    expect(progress.at(-1)).toEqual({
      stage: 'running',
      completed: result.durationMs,
      total: result.durationMs,
      unit: 'ms',
    });
  });

  test('gives every word its time and confidence when asked', async () => {
    const { result } = await transcribe(fixture('multi.wav'), { words: true });
    for (const segment of result.segments) {
      const words = segment.words ?? [];
      expect(words.map(({ text }) => text).join(' ')).toBe(segment.text);
      let at = segment.startMs;
      for (const word of words) {
        expect(word.startMs).toBeGreaterThanOrEqual(at);
        expect(word.endMs).toBeGreaterThanOrEqual(word.startMs);
        expect(word.endMs).toBeLessThanOrEqual(segment.endMs + 1);
        expect([0.5, 1]).toContain(word.confidence);
        at = word.startMs;
      }
    }
  });

  test('finds out the language by itself', async () => {
    const { result } = await transcribe(fixture('clip-00.wav'), { language: 'auto' });
    expect(result).toMatchObject({ text: 'one two three', language: 'en' });
  });

  test.each(['xx', 'fil', 'en-GB', ''])('refuses the language "%s"', async (language) => {
    await expect(transcribe(fixture('clip-00.wav'), { language })).rejects.toMatchObject({
      reason: 'NotFound',
      details: { language },
    });
  });

  test('hears a 44.1 kHz stereo recording as it does the original', async () => {
    const wav = toWav(readClip('goforward.wav'), { sampleRate: 44_100, channels: 2 });
    const { result } = await transcribe(wav);
    expect(result.text).toBe('go forward ten meters');
    expect(result.durationMs).toBe(2786);
  });

  test('hears three minutes of phrases with pauses, in order and in place', async () => {
    const phrases = [
      { samples: readClip('clip-00.wav'), text: 'one two three' },
      { samples: readClip('clip-01.wav'), text: 'open the file' },
      { samples: readClip('clip-05.wav'), text: 'go forward ten meters' },
    ];
    const parts: Float32Array[] = [];
    const expected: { text: string; startMs: number }[] = [];
    let samples = 0;
    for (let i = 0; samples < 180 * 16_000; i += 1) {
      const phrase = phrases[i % phrases.length] ?? { samples: silence(0), text: '' };
      expected.push({ text: phrase.text, startMs: samples / 16 });
      parts.push(phrase.samples, silence(400 + (i % 5) * 300));
      samples = parts.reduce((sum, part) => sum + part.length, 0);
    }
    const { result } = await transcribe(toWav(mixSamples(parts)));
    expect(result.durationMs).toBeGreaterThanOrEqual(180_000);
    const found = result.segments;
    expect(found.map(({ text }) => text)).toEqual(expected.map(({ text }) => text));
    for (const [i, { startMs }] of expected.entries()) {
      expect(Math.abs((found[i]?.startMs ?? 0) - startMs - 200)).toBeLessThan(300);
    }
  }, 300_000);

  test('hears nothing in silence', async () => {
    const { result, chunks } = await transcribe(toWav(silence(8000)), { language: 'auto' });
    expect(result).toEqual({ text: '', language: 'und', durationMs: 8000, segments: [] });
    expect(chunks).toEqual([]);
  });

  test('hears nothing in noise', async () => {
    let seed = 1;
    const noise = Float32Array.from({ length: 16_000 * 5 }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return (seed / 2_147_483_647 - 0.5) * 0.2;
    });
    const { result } = await transcribe(toWav(noise));
    expect(result).toMatchObject({ text: '', segments: [] });
  });

  test('answers a recording without a single sample', async () => {
    const { result } = await transcribe(toWav(new Float32Array(0)));
    expect(result).toMatchObject({ text: '', durationMs: 0 });
  });

  test.each([1, 100, 511, 1600])('answers a recording of %d samples', async (length) => {
    const { result } = await transcribe(toWav(new Float32Array(length)), { words: true });
    expect(result).toMatchObject({ text: '', segments: [] });
  });

  test('stops between chunks when cancelled, and hears the next recording', async () => {
    const controller = new AbortController();
    controller.abort();
    const cancelled = transcribe(fixture('multi.wav'), { signal: controller.signal });
    await expect(cancelled).rejects.toMatchObject({ reason: 'Cancelled' });
    const { result } = await transcribe(fixture('clip-00.wav'));
    expect(result.text).toBe('one two three');
  });

  test('takes calls one after the other', async () => {
    const outcomes = await Promise.all([
      transcribe(fixture('clip-00.wav')),
      transcribe(new Uint8Array(4)).catch((error: unknown) => error),
      transcribe(fixture('clip-01.wav')),
    ]);
    expect(outcomes).toMatchObject([
      { result: { text: 'one two three' } },
      { reason: 'UnsupportedMedia' },
      { result: { text: 'open the file' } },
    ]);
  });

  test('does not start with a model that is none', () => {
    const start = { vadModelPath: '/nonexistent', windowMs: 6000, threads: 1 };
    expect(() => createSpeechEngine({ ...start, modelPath: '/nonexistent' })).toThrow(
      expect.objectContaining({ reason: 'Unavailable' }),
    );
  });
});
