import type { Candidate, Recognizer, ScannedText } from '../recognizer.ts';

/** Mobile numbers of the Philippines: 63 or 0, then 9. */
const PHILIPPINE =
  /(?<![\w+.-])(?:\+63[- ]?(?:\(9\d{2}\)|9\d{2})|0(?:\(9\d{2}\)|9\d{2}))[- ]?\d{3}[- ]?\d{4}(?![\w]|[-.]\d)/g;

/** Mobile (5) and the areas (2 to 4) of Turkey. */
const TURKISH =
  /(?<![\w+.-]|\d )(?:(\+90|0)[- ]?)?(?:\([2-5]\d{2}\)|[2-5]\d{2})[- ]?\d{3}[- ]?\d{2}[- ]?\d{2}(?![\w]|[-. ]?\d)/g;

const CONTEXT: ReadonlySet<string> = new Set([
  'phone',
  'telephone',
  'tel',
  'mobile',
  'cell',
  'call',
  'telefon',
  'cep',
  'gsm',
  'telepono',
  'numero',
]);

/** Less than of a phone number that is written for the world: only where nothing else claims the place. */
function scoreOf(number: string): number {
  if (number.startsWith('+')) return 0.4;
  return number.startsWith('0') ? 0.3 : 0.15;
}

function* findNumbers(
  scanned: ScannedText,
  numbers: RegExp,
  { entity, isNamed }: { readonly entity: string; readonly isNamed: boolean },
): Iterable<Candidate> {
  for (const found of scanned.text.matchAll(numbers)) {
    const start = found.index;
    const isMeant = isNamed || scanned.hasWordBefore(start, CONTEXT);
    const score = scoreOf(found[0]) + (isMeant ? 0.25 : 0);
    yield { entity, start, end: start + found[0].length, score, reason: 'national-phone-shape' };
  }
}

const NUMBERS: readonly (readonly [entity: string, numbers: RegExp])[] = [
  ['PH_MOBILE_NUMBER', PHILIPPINE],
  ['TR_PHONE_NUMBER', TURKISH],
];

/** Numbers in the writing of a country; those with a `+` are phone numbers anywhere, and recognised as such with more weight. */
export const NATIONAL_PHONES: Recognizer = {
  id: 'national-phones',
  entities: NUMBERS.map(([entity]) => entity),
  *scan(scanned, { named = new Set() }) {
    for (const [entity, numbers] of NUMBERS) {
      yield* findNumbers(scanned, numbers, { entity, isNamed: named.has(entity) });
    }
  },
};
