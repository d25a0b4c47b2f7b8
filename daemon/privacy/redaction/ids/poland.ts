import { isDay } from '../checksums/calendar.ts';
import { weighDigits } from '../checksums/digits.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { unbroken } from './shapes.ts';

const CENTURIES = [1900, 2000, 2100, 2200, 1800];

/** PESEL: the day of birth, the century added to the month in twenties; weights 1, 3, 7, 9. */
function isPesel(digits: string): boolean {
  const month = Number(digits.slice(2, 4));
  const year = (CENTURIES[Math.floor(month / 20)] ?? 0) + Number(digits.slice(0, 2));
  const check = (10 - (weighDigits(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10;
  return isDay(year, month % 20, Number(digits.slice(4, 6))) && check === Number(digits[10]);
}

export const POLAND_RULES: readonly IdRule[] = [
  {
    id: 'pl-pesel',
    entity: 'PL_PESEL',
    first: ['d11'],
    shape: unbroken('\\d{11}'),
    score: SCORES.checked,
    isValid: isPesel,
    context: ['pesel', 'peselu'],
  },
];
