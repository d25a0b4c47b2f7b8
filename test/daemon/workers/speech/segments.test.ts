import { describe, expect, test } from 'vitest';
import {
  type Heard,
  placeWords,
  toSegments,
  toWords,
} from '../../../../daemon/workers/speech/segments.ts';

const CHUNK = {
  startMs: 900,
  samples: new Int16Array(0),
  speechStartMs: 1000,
  speechEndMs: 3000,
};

describe('segments of a chunk', () => {
  test('stand at their place in the recording, never outside the speech', () => {
    const heard = [
      { text: ' one two', t0: 0, t1: 1100 },
      { text: ' three', t0: 1200, t1: 9000 },
    ];
    expect(toSegments(heard, CHUNK)).toEqual([
      { text: 'one two', startMs: 1000, endMs: 2000 },
      { text: 'three', startMs: 2100, endMs: 3000 },
    ]);
  });

  test('have text: empty ones are dropped', () => {
    expect(toSegments([{ text: ' ', t0: 0, t1: 100 }], CHUNK)).toEqual([]);
  });
});

describe('words of a chunk', () => {
  const english = { chunk: CHUNK, language: 'en' };
  const toTokens = (texts: readonly string[]): Heard[] =>
    texts.map((text, i) => ({ text, t0: i * 200, t1: i * 200 + 150 }));

  test('are put together from the tokens that do not begin with a space', () => {
    const tokens = toTokens(['', ' Trans', 'cription', ',', ' works']);
    expect(toWords({ first: tokens, second: tokens }, english)).toEqual([
      { text: 'Transcription,', startMs: 1100, endMs: 1650, confidence: 1 },
      { text: 'works', startMs: 1700, endMs: 1850, confidence: 1 },
    ]);
  });

  test('have half the confidence when the second hearing does not confirm them', () => {
    const [first, second] = [toTokens([' go', ' on', ' now']), toTokens([' Go', ' now.'])];
    const words = toWords({ first, second }, english);
    expect(words.map(({ confidence }) => confidence)).toEqual([1, 0.5, 1]);
  });

  test('are single tokens in languages written without spaces', () => {
    const tokens = toTokens(['今日', 'は']);
    const words = toWords({ first: tokens, second: tokens }, { chunk: CHUNK, language: 'ja' });
    expect(words.map(({ text }) => text)).toEqual(['今日', 'は']);
  });

  test('go to the segment that holds their middle', () => {
    const segments = [
      { text: 'one', startMs: 1000, endMs: 1500 },
      { text: 'two', startMs: 1500, endMs: 2000 },
    ];
    const words = ['one', 'two', 'late'].map((text, i) => ({
      text,
      startMs: 1000 + i * 500,
      endMs: 1400 + i * 500,
      confidence: 1,
    }));
    expect(placeWords(segments, words).map((s) => s.words?.map(({ text }) => text))).toEqual([
      ['one'],
      ['two', 'late'],
    ]);
  });
});
