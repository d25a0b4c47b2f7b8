import { isAlphanumericCode, isAsciiLetterCode, isDigitAt, joinsWord } from './characters.ts';
import { raiseScore } from './context-score.ts';
import type { Candidate, IdRule, Recognizer, ScannedText } from './recognizer.ts';

const PAUSE_RUNS = 2048;
/** A shape that is rarer than this is no shape: also of what is asked for by name it needs a word beside it. */
const LEAST_NAMED_SCORE = 0.1;
/** No rule begins with a longer run. */
const MAX_RUN_CHARS = 64;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-z])/iy;

interface PreparedRule extends IdRule {
  readonly words: ReadonlySet<string>;
}

/** A recognizer that tries all rules in one pass over the runs of letters and digits. */
export function createIdRecognizer(id: string, rules: readonly IdRule[]): Recognizer {
  const bySignature = new Map<string, PreparedRule[]>();
  for (const rule of rules) {
    const prepared = { ...rule, words: new Set(rule.context ?? []) };
    for (const signature of rule.first) {
      const others = bySignature.get(signature);
      if (others === undefined) bySignature.set(signature, [prepared]);
      else others.push(prepared);
    }
  }
  return {
    id,
    entities: [...new Set(rules.map((rule) => rule.entity))],
    scan: (scanned, { named }) => findIds(scanned, bySignature, named),
  };
}

function* findIds(
  scanned: ScannedText,
  bySignature: ReadonlyMap<string, readonly PreparedRule[]>,
  named: ReadonlySet<string> = new Set(),
): Iterable<Candidate | undefined> {
  const { text } = scanned;
  const signatureOf = createSignatures();
  let runs = 0;
  let at = 0;
  while (at < text.length) {
    if (!isAlphanumericCode(text.charCodeAt(at))) {
      at += 1;
      continue;
    }
    if ((runs += 1) % PAUSE_RUNS === 0) yield undefined;
    const start = at;
    while (isAlphanumericCode(text.charCodeAt(at))) at += 1;
    if (at - start === 8 && text[at] === '-' && matchAt(UUID, text, start) > 0) {
      at = start + 36;
      continue;
    }
    if (at - start > MAX_RUN_CHARS) continue;
    for (const rule of bySignature.get(signatureOf(text, start, at)) ?? []) {
      const found = tryRule(rule, scanned, { start, isNamed: named.has(rule.entity) });
      if (found !== undefined) yield found;
    }
  }
}

function tryRule(
  rule: PreparedRule,
  scanned: ScannedText,
  { start, isNamed }: { readonly start: number; readonly isNamed: boolean },
): Candidate | undefined {
  const { text } = scanned;
  const end = matchAt(rule.shape, text, start);
  if (end <= start || !standsAlone(text, start, end)) return undefined;
  const { isValid, needsContext = false } = rule;
  const isProven = isValid !== undefined;
  if (isProven && !isValid(compact(text.slice(start, end)))) return undefined;
  const hasContext = rule.words.size > 0 && scanned.hasWordBefore(start, rule.words);
  if (needsContext && !hasContext) return undefined;
  const score = isProven ? (rule.provenScore ?? rule.score) : rule.score;
  return {
    entity: rule.entity,
    start,
    end,
    score: hasContext || (isNamed && score >= LEAST_NAMED_SCORE) ? raiseScore(score) : score,
    reason: `${rule.id}${isProven ? '-checked' : ''}${describeSupport(hasContext, isNamed)}`,
  };
}

function describeSupport(hasContext: boolean, isNamed: boolean): string {
  if (hasContext) return '+context';
  return isNamed ? '+named' : '';
}

function matchAt(shape: RegExp, text: string, start: number): number {
  shape.lastIndex = start;
  return shape.test(text) ? shape.lastIndex : -1;
}

/** No letter or digit goes on with it, and no `.` or `-` ties it to more digits. */
function standsAlone(text: string, start: number, end: number): boolean {
  if (joinsWord(text, start - 1) || joinsWord(text, end)) return false;
  return !isTied(text, start - 1, -1) && !isTied(text, end, 1);
}

function isTied(text: string, at: number, step: 1 | -1): boolean {
  const tie = text[at];
  return (tie === '.' || tie === '-') && isDigitAt(text, at + step) && isDigitAt(text, at - step);
}

function compact(match: string): string {
  return match.replaceAll(/[^A-Za-z0-9]/g, '').toUpperCase();
}

/** Names runs like `a2d6`; those of one kind, which nearly all are, are named once. */
function createSignatures(): (text: string, start: number, end: number) => string {
  const lettersOnly = Array.from({ length: MAX_RUN_CHARS + 1 }, (_, count) => `a${String(count)}`);
  const digitsOnly = Array.from({ length: MAX_RUN_CHARS + 1 }, (_, count) => `d${String(count)}`);
  return (text, start, end) => {
    let signature = '';
    let at = start;
    while (at < end) {
      const partStart = at;
      const isLetters = isAsciiLetterCode(text.charCodeAt(at));
      while (at < end && isAsciiLetterCode(text.charCodeAt(at)) === isLetters) at += 1;
      signature += (isLetters ? lettersOnly : digitsOnly)[at - partStart] ?? '';
    }
    return signature;
  };
}
