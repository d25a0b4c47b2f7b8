import { joinsWord, isDigitAt } from '../characters.ts';
import { raiseScore } from '../context-score.ts';
import type { Candidate, Recognizer, ScannedText, ScanSettings } from '../recognizer.ts';
import { LOOSE_PHONE_WORDS, OTHER_NUMBER_WORDS, PHONE_WORDS } from './phone-words.ts';
import { listPhoneRuns, type PhoneRun } from './phone-runs.ts';
import { type PhoneScore, scorePhone, type WrittenNumber } from './phone-shapes.ts';

const MAX_PHONE_GROUPS = 8;
const CONTEXT_CHARS = 48;
const OTHER_CHARS = 20;
/** How near, step by step, the nearest word is looked for that names another number, or a telephone. */
const NEAR_CHARS = [4, 8, 12, 16, OTHER_CHARS];
const BEHIND =
  /^[ ,(\\-]{0,4}(?:office|mobile|cell|cellulare|mobil|handy|fax|home|work|phone|desk|tel|call|text|whatsapp)\b/i;
/** Right before a number what is elsewhere a make of printers, or the end of a label without its space: `TEL617-…`. */
const HANDPHONE = /(?<![\p{L}\p{N}])hp(?: no)?[.:]? {0,2}$/iu;
const GLUED = /(?<![\p{L}\p{N}])(?:tel|phone|ph|fax|mob|cell|mobile)$/iu;
const EXTENSION = / ?(?:x|ext\.?|extension) ?\d{1,6}(?!\d)/iy;
const UNIT = /^ ?(?:%|°|ms\b|kb\b|mb\b|gb\b|bytes?\b|points?\b|px\b|kg\b|usd\b|eur\b|dollars?\b)/i;
/** Brackets, a plus or a hyphen: no decimal number, whatever a comma beside it parts. */
const SHAPED = /^(?:\+|\(|\d{2,5}-)/;
const DATE = /^(?:1[89]|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])(?!\d)/;
/** Country, check digits and groups of four, as the beginning of an IBAN. */
const ACCOUNT_BEFORE = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: [A-Z0-9]{1,4})* $/;
const YEARS = /^(?:1[89]|20)\d\d ?- ?(?:1[89]|20)\d\d(?!\d)/;

export const phoneRecognizer: Recognizer = {
  id: 'phone',
  entities: ['PHONE_NUMBER'],
  scan: findPhones,
};

function* findPhones(
  scanned: ScannedText,
  { region }: ScanSettings,
): Iterable<Candidate | undefined> {
  const scores = new Map<string, PhoneScore | undefined>();
  for (const run of listPhoneRuns(scanned.text)) {
    if (run === undefined) {
      yield undefined;
      continue;
    }
    for (let first = 0; first < run.groups.length;) {
      const found = readPhone(scanned, { run, first, region, scores });
      if (found !== undefined) yield found.candidate;
      first = found?.next ?? first + 1;
    }
  }
}

interface Place {
  readonly run: PhoneRun;
  /** The group with which a number may begin. */
  readonly first: number;
  readonly region: string | undefined;
  readonly scores: Map<string, PhoneScore | undefined>;
}

/** The longest number that begins with a group, and the group behind it. */
function readPhone(
  scanned: ScannedText,
  place: Place,
): { readonly candidate: Candidate; readonly next: number } | undefined {
  const { text } = scanned;
  const { run, first } = place;
  const { groups } = run;
  const start = startOf(text, groups[first]?.start ?? 0);
  if (!isFreeBefore(text, start)) return undefined;
  let next = Math.min(groups.length, first + MAX_PHONE_GROUPS);
  let digits = countDigits(groups.slice(first, next));
  for (
    ;
    next > first && digits >= 7;
    digits -= countDigits(groups.slice(next - 1, next)), next -= 1
  ) {
    const digitsEnd = groups[next - 1]?.end ?? 0;
    if (digits > 15 || digitsEnd - start > 32) continue;
    const end = readExtension(text, digitsEnd);
    if (!isFreeBehind(text, start, end)) continue;
    const score = scoreOnce(text, { start, end: digitsEnd }, place);
    const candidate = score && judge(scanned, { start, end, score });
    if (candidate !== undefined) return { candidate, next };
  }
  return undefined;
}

function countDigits(groups: PhoneRun['groups']): number {
  return groups.reduce((count, { start, end }) => count + end - start, 0);
}

/** Texts repeat numbers, and to read one by the plans of all countries is long. */
function scoreOnce(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  { region, scores }: Place,
): PhoneScore | undefined {
  const written = text.slice(start, end);
  const isAlone = written.startsWith('+') || !isAmongNumbers(text, start, end);
  const key = `${isAlone ? 'alone' : 'beside'} ${written}`;
  if (scores.has(key)) return scores.get(key);
  const number = describe(written, isAlone);
  const score = number && scorePhone(number, region);
  scores.set(key, score);
  return score;
}

/** With the plus and the bracket that belong to the first group. */
function startOf(text: string, digitsStart: number): number {
  let start = digitsStart;
  if (text[start - 1] === '(') start -= 1;
  if (text[start - 1] === '+') return start - 1;
  return text[start - 1] === ' ' && text[start - 2] === '+' ? start - 2 : start;
}

function isFreeBefore(text: string, start: number): boolean {
  const before = text.charAt(start - 1);
  if (before === '' || before === '\n') return true;
  if (joinsWord(text, start - 1)) return GLUED.test(text.slice(Math.max(0, start - 8), start));
  if ('#$€£¥%'.includes(before)) return false;
  if (before === '-') return !joinsWord(text, start - 2);
  if (before === ',' && SHAPED.test(text.slice(start, start + 8))) return true;
  if ('.,/:+*^'.includes(before)) return !isDigitAt(text, start - 2);
  return true;
}

function isFreeBehind(text: string, start: number, end: number): boolean {
  if (joinsWord(text, end)) return false;
  const after = text.charAt(end);
  if (after === ',' && SHAPED.test(text.slice(start, start + 8))) return true;
  if ('.,:/+*^'.includes(after) && isDigitAt(text, end + 1)) return false;
  if (after === '-' && joinsWord(text, end + 1)) return BEHIND.test(text.slice(end, end + 12));
  return !UNIT.test(text.slice(end, end + 10));
}

function readExtension(text: string, end: number): number {
  EXTENSION.lastIndex = end;
  return EXTENSION.test(text) ? EXTENSION.lastIndex : end;
}

function describe(written: string, isAlone: boolean): WrittenNumber | undefined {
  if (DATE.test(written) || YEARS.test(written) || !isBalanced(written)) return undefined;
  const groups = written.match(/\d+/g) ?? [];
  return {
    written,
    isAlone,
    digits: groups.join(''),
    lengths: groups.map((group) => group.length),
    separators: new Set(
      written
        .replace(/^[+ (]+/, '')
        .split(/\d+/)
        .map((part) => part.replaceAll(/[()]/g, '').trim() || part.replaceAll(/[()]/g, ''))
        .filter((part) => part !== ''),
    ),
    hasPlus: written.startsWith('+'),
    hasParentheses: written.includes('('),
  };
}

/** No bracket, or one pair around the area. */
function isBalanced(written: string): boolean {
  return /^[^()]*(?:\(\d{1,5}\)[^()]*)?$/.test(written);
}

/** Of a longer row of groups, as of an account number, or of a table. */
function isAmongNumbers(text: string, start: number, end: number): boolean {
  if (isBlank(text.charAt(start - 1))) {
    const before = text.slice(Math.max(0, start - 40), start);
    if (/\d[ \t]+$/.test(before) || ACCOUNT_BEFORE.test(before)) return true;
  }
  return isBlank(text.charAt(end)) && /^[ \t]+\d/.test(text.slice(end, end + 4));
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t';
}

function judge(
  scanned: ScannedText,
  {
    start,
    end,
    score,
  }: { readonly start: number; readonly end: number; readonly score: PhoneScore },
): Candidate | undefined {
  const { text } = scanned;
  const isNamed = (chars: number): boolean =>
    scanned.hasWordBefore(start, PHONE_WORDS, chars) ||
    (score.needsName !== true && scanned.hasWordBefore(start, LOOSE_PHONE_WORDS, chars));
  const isOtherIn = (chars: number): boolean =>
    scanned.hasWordBefore(start, OTHER_NUMBER_WORDS, chars);
  const nearest = isOtherIn(OTHER_CHARS)
    ? NEAR_CHARS.find((chars) => isOtherIn(chars) || isNamed(chars))
    : undefined;
  const isOther = nearest !== undefined && isOtherIn(nearest);
  const hasContext = !isOther && (isNamed(CONTEXT_CHARS) || isLabelled(text, start, end));
  if (score.needsContext === true && !hasContext) return undefined;
  if (score.score < 0.5 && text[start] !== '+' && isAmongNumbers(text, start, end))
    return undefined;
  if (isOther && score.score < 0.5) return undefined;
  return {
    entity: 'PHONE_NUMBER',
    start,
    end,
    score: hasContext ? raiseScore(score.score) : score.score,
    reason: hasContext ? `${score.reason}+context` : score.reason,
  };
}

/** By what stands right beside it. */
function isLabelled(text: string, start: number, end: number): boolean {
  return (
    BEHIND.test(text.slice(end, end + 16)) ||
    HANDPHONE.test(text.slice(Math.max(0, start - 10), start))
  );
}
