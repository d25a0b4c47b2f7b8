import type { Candidate } from './recognizer.ts';
import type { Finding } from './redaction-ops.ts';

/** Of two that are equally likely and long, the earlier one here wins; before them all what the caller named itself. */
const PRIORITY: readonly string[] = [
  'SECRET',
  'CREDIT_CARD',
  'IBAN_CODE',
  'US_SSN',
  'EMAIL_ADDRESS',
  'CRYPTO',
  'IP_ADDRESS',
  'MAC_ADDRESS',
  'PHONE_NUMBER',
  'URL',
];
const LAST: readonly string[] = ['STREET_ADDRESS', 'DATE_TIME'];
const RANKS = new Map([
  ...PRIORITY.map((entity, rank): [string, number] => [entity, rank - PRIORITY.length]),
  ...LAST.map((entity, rank): [string, number] => [entity, rank + 1]),
]);

/** In order and without overlaps: the likeliest stays, then the longest, then a fixed priority of entities. */
export function resolveOverlaps(
  candidates: readonly Candidate[],
  custom: ReadonlySet<string>,
): Finding[] {
  const sorted = candidates.toSorted((a, b) => a.start - b.start || b.end - a.end);
  const kept: Finding[] = [];
  let group: Candidate[] = [];
  let groupEnd = 0;
  for (const candidate of sorted) {
    if (candidate.start >= groupEnd) {
      pushBest(group, custom, kept);
      group = [];
    }
    group.push(candidate);
    groupEnd = Math.max(groupEnd, candidate.end);
  }
  pushBest(group, custom, kept);
  return kept;
}

/** Of candidates that hang together, the best, the best of those that do not touch it, and so on. */
function pushBest(group: readonly Candidate[], custom: ReadonlySet<string>, kept: Finding[]): void {
  if (group.length <= 1) {
    kept.push(...group);
    return;
  }
  const rank = ({ entity }: Candidate): number =>
    custom.has(entity) ? -PRIORITY.length - 1 : (RANKS.get(entity) ?? 0);
  const best = group.toSorted(
    (a, b) =>
      b.score - a.score ||
      b.end - b.start - (a.end - a.start) ||
      rank(a) - rank(b) ||
      a.start - b.start,
  );
  const chosen: Candidate[] = [];
  for (const candidate of best) insertIfFree(chosen, candidate);
  // Not spread: a group of an evil text may be longer than a call may have arguments.
  for (const candidate of chosen) kept.push(candidate);
}

function insertIfFree(chosen: Candidate[], candidate: Candidate): void {
  let low = 0;
  let high = chosen.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chosen[middle]?.start ?? 0) < candidate.start) low = middle + 1;
    else high = middle;
  }
  const before = chosen[low - 1];
  const after = chosen[low];
  if (before !== undefined && before.end > candidate.start) return;
  if (after !== undefined && after.start < candidate.end) return;
  chosen.splice(low, 0, candidate);
}
