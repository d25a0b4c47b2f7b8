import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Span } from './score-detection.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/pii');

/** A text in which all is marked that gives a person away. */
export interface JudgedText {
  readonly id: string;
  readonly text: string;
  readonly spans: readonly Span[];
  /** What may be found beside them. */
  readonly allows?: readonly string[];
}

/** A text as it comes in pieces: nothing of `secrets` may be left of it, and `keeps` must be. */
export interface Trap {
  readonly id: string;
  readonly note: string;
  readonly pieces: readonly string[];
  readonly secrets: readonly string[];
  readonly keeps: readonly string[];
}

export function readJudgedTexts(
  name: `judge-${'positives' | 'hard-negatives'}${'' | '-2' | '-3'}`,
): readonly JudgedText[] {
  return readRows(name) as readonly JudgedText[];
}

export function readTraps(): readonly Trap[] {
  return readRows('judge-traps') as readonly Trap[];
}

function readRows(name: string): readonly unknown[] {
  return readFileSync(join(FOLDER, `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((row) => row !== '')
    .map((row): unknown => JSON.parse(row));
}
