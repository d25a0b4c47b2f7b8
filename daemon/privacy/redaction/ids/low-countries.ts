import { isOneCharacter, weighDigits } from '../checksums/digits.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped, unbroken } from './shapes.ts';

/** BSN: the proof by eleven, the last digit taken off. */
function isBsn(digits: string): boolean {
  return weighDigits(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0 && !isOneCharacter(digits);
}

/** National number: day of birth, sequence, and 97 less the remainder, with a 2 before it for those born from 2000. */
function isNationalNumber(digits: string): boolean {
  const check = Number(digits.slice(9));
  return ['', '2'].some((century) => 97 - (Number(century + digits.slice(0, 9)) % 97) === check);
}

export const LOW_COUNTRIES_RULES: readonly IdRule[] = [
  {
    id: 'nl-bsn',
    entity: 'NL_BSN',
    first: ['d9', 'd4', 'd3'],
    shape: grouped('\\d{9}|\\d{4}[. ]\\d{2}[. ]\\d{3}|\\d{3}([. ])\\d{3}\\1\\d{3}'),
    score: SCORES.vague,
    isValid: isBsn,
    context: ['bsn', 'burgerservicenummer', 'sofinummer'],
    needsContext: true,
  },
  {
    id: 'be-national-number-grouped',
    entity: 'BE_NATIONAL_NUMBER',
    first: ['d2'],
    shape: grouped('\\d{2}\\.[0-5]\\d\\.[0-3]\\d-\\d{3}[.-]\\d{2}'),
    score: SCORES.certain,
    isValid: isNationalNumber,
    context: ['rijksregisternummer', 'insz', 'niss', 'registre national'],
  },
  {
    id: 'be-national-number',
    entity: 'BE_NATIONAL_NUMBER',
    first: ['d11'],
    shape: unbroken('\\d{2}[0-5]\\d[0-3]\\d{6}'),
    score: SCORES.checked,
    isValid: isNationalNumber,
    context: ['rijksregisternummer', 'insz', 'niss', 'registre national'],
  },
];
