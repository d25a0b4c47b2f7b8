import type {
  Candidate,
  IdRule,
  Recognizer,
  ScannedText,
} from '../../daemon/privacy/redaction/recognizer.ts';

const WORD = /[\p{L}\p{M}\p{N}]+(?:['’]\p{L}{1,2})?/gu;

export function scanText(text: string): ScannedText {
  return {
    text,
    hasWordBefore(start, words, chars = 80) {
      const before = text.slice(Math.max(0, start - chars), start).toLowerCase();
      return (before.match(WORD) ?? []).some(
        (word) => words.has(word) || words.has(word.replace(/['’]s$/, '')),
      );
    },
  };
}

function signatureOf(run: string): string {
  return run
    .replace(/[A-Za-z]+/g, (letters) => `a${letters.length};`)
    .replace(
      /(^|;)(\d+)(?=a|$)/g,
      (_, before: string, digits: string) => `${before}d${digits.length};`,
    )
    .replaceAll(';', '');
}

function judge(rule: IdRule, found: RegExpExecArray, scanned: ScannedText): Candidate | undefined {
  const compact = found[0].replace(/[^\p{L}\p{N}]/gu, '').toUpperCase();
  if (rule.isValid !== undefined && !rule.isValid(compact)) return undefined;
  const base = rule.isValid === undefined ? rule.score : (rule.provenScore ?? rule.score);
  const words = new Set(rule.context ?? []);
  const isRaised = words.size > 0 && scanned.hasWordBefore(found.index, words);
  if (rule.needsContext === true && !isRaised) return undefined;
  const score = isRaised ? Math.min(1, Math.max(0.4, base + 0.35)) : base;
  return {
    entity: rule.entity,
    start: found.index,
    end: found.index + found[0].length,
    score,
    reason: rule.id,
  };
}

/** What the rules find in a text, as the contract of `IdRule` says. */
export function runIdRules(rules: readonly IdRule[], text: string): Candidate[] {
  const scanned = scanText(text);
  const bySignature = new Map<string, IdRule[]>();
  for (const rule of rules)
    for (const first of rule.first)
      bySignature.set(first, [...(bySignature.get(first) ?? []), rule]);
  const found: Candidate[] = [];
  for (const run of text.matchAll(/[A-Za-z0-9]+/g)) {
    if (run[0].length > 32) continue;
    for (const rule of bySignature.get(signatureOf(run[0])) ?? []) {
      rule.shape.lastIndex = run.index;
      const match = rule.shape.exec(text);
      if (match === null || /[\p{L}\p{N}]/u.test(text.charAt(match.index + match[0].length)))
        continue;
      const candidate = judge(rule, match, scanned);
      if (candidate !== undefined) found.push(candidate);
    }
  }
  return found;
}

export function runRecognizer(recognizer: Recognizer, text: string): Candidate[] {
  return [...recognizer.scan(scanText(text))];
}
