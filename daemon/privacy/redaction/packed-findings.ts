import type { Candidate } from './recognizer.ts';

/** The findings of many texts as few objects, whatever their number: reading those takes no turn of the event loop. */
export interface PackedFindings {
  /** What findings have in common, each once. */
  readonly kinds: readonly Omit<Candidate, 'start' | 'end'>[];
  /** Of one finding after the other: which of `kinds`, start, end. */
  readonly places: Int32Array;
  /** How many of them are in each text. */
  readonly counts: readonly number[];
}

const NUMBERS = 3;

export function packFindings(findings: readonly (readonly Candidate[])[]): PackedFindings {
  const kinds: PackedFindings['kinds'][number][] = [];
  const known = new Map<string, number>();
  const counts = findings.map(({ length }) => length);
  const places = new Int32Array(NUMBERS * counts.reduce((sum, count) => sum + count, 0));
  let at = 0;
  for (const { start, end, ...kind } of findings.flat()) {
    const key = `${kind.entity}|${kind.score}|${kind.reason}`;
    let index = known.get(key);
    if (index === undefined) known.set(key, (index = kinds.push(kind) - 1));
    places[at] = index;
    places[at + 1] = start;
    places[at + 2] = end;
    at += NUMBERS;
  }
  return { kinds, places, counts };
}

/** Undefined for what was not packed so. */
export function unpackFindings({
  kinds,
  places,
  counts,
}: PackedFindings): Candidate[][] | undefined {
  let at = 0;
  const findings: Candidate[][] = [];
  for (const count of counts) {
    const ofText: Candidate[] = [];
    for (let of = 0; of < count; of += 1, at += NUMBERS) {
      const kind = kinds[places[at] ?? -1];
      const [start, end] = [places[at + 1], places[at + 2]];
      if (kind === undefined || start === undefined || end === undefined) return undefined;
      const { entity, score, reason } = kind;
      ofText.push({ entity, start, end, score, reason });
    }
    findings.push(ofText);
  }
  return findings;
}
