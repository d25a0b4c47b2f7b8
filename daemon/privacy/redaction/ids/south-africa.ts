import { isShortDate } from '../checksums/calendar.ts';
import { isLuhn } from '../checksums/luhn.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { unbroken } from './shapes.ts';

/** The day of birth, four of sex, one of citizenship, an 8 or 9, a check digit. */
export const SOUTH_AFRICA_RULES: readonly IdRule[] = [
  {
    id: 'za-identity',
    entity: 'ZA_ID_NUMBER',
    first: ['d13', 'd6'],
    shape: unbroken('\\d{6}( ?)\\d{4}\\1[0-2][89]\\d'),
    score: SCORES.sound,
    isValid: (digits) => isShortDate(digits) && isLuhn(digits),
    context: ['id', 'identity', 'african', 'rsa', 'smart'],
  },
];
