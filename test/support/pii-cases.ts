import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScoredCase } from './score-detection.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/pii');
/** Presidio reports what needs no context with at least this. */
const LEAST_SCORE = 0.3;

interface CaseRow {
  readonly id: string;
  readonly text: string;
  readonly entity: string;
  readonly spans: readonly (readonly [number, number])[];
  readonly presidio_min_score?: number;
}

/** Rows of a fixture: texts, each asked about one entity; without spans it holds none of it. */
export function readPiiCases(name: 'presidio-cases' | 'look-alikes'): readonly CaseRow[] {
  return readRows(`${name}.jsonl`).map((row) => JSON.parse(row) as CaseRow);
}

export function toScoredCase({ id, text, entity, spans, ...row }: CaseRow): ScoredCase {
  return {
    id,
    text,
    spans: spans.map(([start, end]) => ({ entity, start, end })),
    isLenient: (row.presidio_min_score ?? 1) < LEAST_SCORE,
  };
}

function readRows(name: string): readonly string[] {
  return readFileSync(join(FOLDER, name), 'utf8')
    .split('\n')
    .filter((row) => row !== '');
}

/** Texts that look like something, and the entities that are in them nevertheless. */
export function readHardNegatives(): readonly {
  readonly id: string;
  readonly text: string;
  readonly allows?: readonly string[];
}[] {
  return readRows('hard-negatives.jsonl').map(
    (row) => JSON.parse(row) as ReturnType<typeof readHardNegatives>[number],
  );
}
