import { countrySpecs } from 'ibantools';
import { isAlphanumericCode, joinsWord } from '../characters.ts';
import { isMod97And10 } from '../checksums/iso7064.ts';
import { raiseScore } from '../context-score.ts';
import type { Candidate, Recognizer, ScannedText } from '../recognizer.ts';

const START = /(?<![A-Za-z0-9])(?:[A-Z]{2}|[a-z]{2})[ -]?\d[ ]?\d/g;
/** By country, of what stands behind the check digits. */
const SHAPES: ReadonlyMap<string, RegExp> = new Map(
  Object.entries(countrySpecs).flatMap(([country, { bban_regexp: shape }]) =>
    typeof shape === 'string' ? [[country, new RegExp(shape)] as const] : [],
  ),
);
const CONTEXT: ReadonlySet<string> = new Set([
  ...[
    'iban',
    'bank',
    'account',
    'konto',
    'kontonummer',
    'transfer',
    'transaction',
    'compte',
    'cuenta',
  ],
  ...['conto', 'rekening', 'konta', 'rachunek', 'bankverbindung', 'überweisung'],
]);

export const ibanRecognizer: Recognizer = {
  id: 'iban',
  entities: ['IBAN_CODE'],
  scan: findIbans,
};

function* findIbans(scanned: ScannedText): Iterable<Candidate | undefined> {
  const { text } = scanned;
  let count = 0;
  for (const { index } of text.matchAll(START)) {
    if ((count += 1) % 512 === 0) yield undefined;
    if (joinsWord(text, index - 1) && text[index - 1] !== '_') continue;
    const length = countrySpecs[text.slice(index, index + 2).toUpperCase()]?.chars ?? 0;
    const read = readCompact(text, index, length);
    if (read === undefined || goesOn(text, read.end)) continue;
    if (!isOneCase(read.compact) || !isIban(read.compact.toUpperCase())) continue;
    const hasContext = scanned.hasWordBefore(index, CONTEXT);
    yield {
      entity: 'IBAN_CODE',
      start: index,
      end: read.end,
      score: hasContext ? 1 : raiseScore(0.6),
      reason: `iban-checksum${hasContext ? '+context' : ''}`,
    };
  }
}

/** `BIC` right behind it is the next label, where a line break was lost. */
function goesOn(text: string, end: number): boolean {
  if (!joinsWord(text, end) || text[end] === '_') return false;
  return !/^(?:BIC|SWIFT)(?![A-Za-z])/.test(text.slice(end, end + 6));
}

/** The next letters and digits, as many as the country has; one space or hyphen may stand before each. */
function readCompact(
  text: string,
  start: number,
  length: number,
): { readonly compact: string; readonly end: number } | undefined {
  let compact = '';
  let at = start;
  while (compact.length < length) {
    if ((text[at] === ' ' || text[at] === '-') && compact.length > 0) at += 1;
    if (!isAlphanumericCode(text.charCodeAt(at))) return undefined;
    compact += text.charAt(at);
    at += 1;
  }
  return length === 0 ? undefined : { compact, end: at };
}

/** Small letters alone are a way to write it; both are the way something else is written. */
function isOneCase(compact: string): boolean {
  return compact === compact.toUpperCase() || compact === compact.toLowerCase();
}

/**
 * ISO 13616: the country's length and kinds of characters, and MOD 97-10. Check digits of the account itself are left
 * alone: a number that a bank mistyped, or that was made up for a test, is redacted all the same.
 */
function isIban(compact: string): boolean {
  const shape = SHAPES.get(compact.slice(0, 2));
  if (shape?.test(compact.slice(4)) !== true) return false;
  return isMod97And10(compact.slice(4) + compact.slice(0, 4));
}
