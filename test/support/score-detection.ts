export interface Span {
  readonly entity: string;
  readonly start: number;
  readonly end: number;
}

/** One text, what is in it, and which entities it is asked about. */
export interface ScoredCase {
  readonly id: string;
  readonly text: string;
  readonly spans: readonly Span[];
  /** Presidio itself would not report these without context: missing them does not count. */
  readonly isLenient: boolean;
}

export interface Score {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** `id` and entity of what was missed, and of what was found and is not there. */
  readonly missed: readonly string[];
  readonly wrong: readonly string[];
}

export const CORE_ENTITIES = [
  'EMAIL_ADDRESS',
  'PHONE_NUMBER',
  'US_SSN',
  'CREDIT_CARD',
  'IP_ADDRESS',
  'IBAN_CODE',
] as const;

/** Precision and recall by overlap with the same entity, over `entities` alone. */
export function scoreDetection(
  cases: readonly ScoredCase[],
  entities: readonly string[],
  detect: (text: string) => readonly Span[],
): Score {
  let hits = 0;
  let right = 0;
  const missed: string[] = [];
  const wrong: string[] = [];
  for (const { id, text, spans, isLenient } of cases) {
    const found = detect(text).filter(({ entity }) => entities.includes(entity));
    const gold = spans.filter(({ entity }) => entities.includes(entity));
    for (const span of gold) {
      if (found.some((other) => overlaps(span, other))) hits += 1;
      else if (!isLenient) missed.push(`${id} ${span.entity}`);
    }
    for (const span of found) {
      if (gold.some((other) => overlaps(span, other))) right += 1;
      else wrong.push(`${id} ${span.entity}`);
    }
  }
  const precision = share(right, wrong.length);
  const recall = share(hits, missed.length);
  return { precision, recall, f1: (2 * precision * recall) / (precision + recall), missed, wrong };
}

function share(good: number, bad: number): number {
  return good + bad === 0 ? 1 : good / (good + bad);
}

function overlaps(a: Span, b: Span): boolean {
  return a.entity === b.entity && a.start < b.end && b.start < a.end;
}
