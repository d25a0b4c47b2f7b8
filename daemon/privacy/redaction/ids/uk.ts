import { isOneCharacter, weighDigits } from '../checksums/digits.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped, unbroken } from './shapes.ts';
import { signaturesOf } from './signatures.ts';

/** NHS number: weights 10 down to 2, modulo 11. */
function isNhs(digits: string): boolean {
  const check = (11 - (weighDigits(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return check === Number(digits[9]) && !isOneCharacter(digits);
}

/** National insurance number: prefixes that HMRC gives out. */
const NINO_PREFIX = '(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]';

/** DVLA: five letters of the name (9 where there are fewer), the day of birth, initials, and three of its own. */
const LICENCE_BIRTH = '\\d(?:0[1-9]|1[0-2]|5[1-9]|6[0-2])(?:0[1-9]|[12]\\d|3[01])\\d';
const LICENCE_RUNS = ['aaaaa', 'aaaad', 'aaadd', 'aaddd', 'adddd'].map(
  (name) => `${name}ddddddxxxxx`,
);

const PASSPORT_CONTEXT = ['passport', 'passports', 'hmpo', 'travel'];

export const UK_RULES: readonly IdRule[] = [
  {
    id: 'uk-nhs',
    entity: 'UK_NHS',
    first: ['d10', 'd3'],
    shape: grouped('\\d{3}([- ]?)\\d{3}\\1\\d{4}'),
    score: SCORES.checked,
    isValid: isNhs,
    context: ['nhs', 'health'],
  },
  {
    id: 'uk-nino',
    entity: 'UK_NINO',
    first: ['a2d6a1', 'a2d6', 'a2', 'a2d2'],
    shape: grouped(`${NINO_PREFIX}([- ]?)\\d{2}([- ]?)\\d{2}\\2\\d{2}\\1[A-D]`),
    score: SCORES.certain,
    context: ['insurance', 'nino', 'ni'],
  },
  {
    id: 'uk-passport',
    entity: 'UK_PASSPORT',
    first: ['a2d7'],
    shape: unbroken('[A-Z]{2}\\d{7}'),
    score: SCORES.loose,
    context: PASSPORT_CONTEXT,
    needsContext: true,
  },
  {
    id: 'uk-driving-licence',
    entity: 'UK_DRIVING_LICENCE',
    first: signaturesOf(...LICENCE_RUNS),
    shape: unbroken(
      `[A-Z](?:[A-Z]{4}|[A-Z]{3}9|[A-Z]{2}99|[A-Z]9{3}|9{4})${LICENCE_BIRTH}[A-Z9]{2}[A-Z\\d]{3}`,
    ),
    score: SCORES.certain,
    context: ['driving', 'driver', "driver's", 'dvla', 'licence', 'license'],
  },
];
