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

const WORD_CHARACTER = /[\p{L}\p{N}\p{Cs}]/u;
/** Less than this of an entity tells nothing. */
const LEAST_REST_CHARS = 4;

/**
 * In order and without overlaps: the likeliest stays, then the longest, then a fixed priority of entities. Of one that
 * a likelier one only reaches into, the rest stays as well: nothing that was found is left in the clear.
 */
export function resolveOverlaps(
  candidates: readonly Candidate[],
  custom: ReadonlySet<string>,
  text: string,
): Finding[] {
  const sorted = candidates.toSorted((a, b) => a.start - b.start || b.end - a.end);
  const kept: Finding[] = [];
  let group: Candidate[] = [];
  let groupEnd = 0;
  for (const candidate of sorted) {
    if (candidate.start >= groupEnd) {
      pushBest(group, { custom, text }, kept);
      group = [];
    }
    group.push(candidate);
    groupEnd = Math.max(groupEnd, candidate.end);
  }
  pushBest(group, { custom, text }, kept);
  return kept;
}

/** Of candidates that hang together, the best, the best of those that do not touch it, and so on. */
function pushBest(
  group: readonly Candidate[],
  { custom, text }: { readonly custom: ReadonlySet<string>; readonly text: string },
  kept: Finding[],
): void {
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
  for (const candidate of best) insertRest(chosen, candidate, text);
  // Not spread: a group of an evil text may be longer than a call may have arguments.
  for (const candidate of chosen) kept.push(candidate);
}

/** All of it where it is free, or what those that were chosen before leave of one of its ends. */
function insertRest(chosen: Candidate[], candidate: Candidate, text: string): void {
  let low = 0;
  let high = chosen.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chosen[middle]?.start ?? 0) < candidate.start) low = middle + 1;
    else high = middle;
  }
  const start = Math.max(candidate.start, chosen[low - 1]?.end ?? 0);
  const after = chosen[low];
  const end = Math.min(candidate.end, after?.start ?? Infinity);
  // What holds a likelier one in its midst, as a URL does an address, is known by that one.
  if (after !== undefined && after.end <= candidate.end && after.start < candidate.end) return;
  if (start === candidate.start && end === candidate.end) chosen.splice(low, 0, candidate);
  else if (start < end) {
    const rest = trim(text, start, end);
    if (rest.end - rest.start >= LEAST_REST_CHARS) chosen.splice(low, 0, { ...candidate, ...rest });
  }
}

/** Without what stands between words at its ends. */
function trim(text: string, start: number, end: number): { start: number; end: number } {
  let [from, to] = [start, end];
  while (from < to && !WORD_CHARACTER.test(text.charAt(from))) from += 1;
  while (to > from && !WORD_CHARACTER.test(text.charAt(to - 1))) to -= 1;
  return { start: from, end: to };
}
