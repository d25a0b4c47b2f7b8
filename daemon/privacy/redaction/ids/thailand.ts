import { weighDigits } from '../checksums/digits.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped } from './shapes.ts';

/** National identification number: weights 13 down to 2, modulo 11. */
function isNational(digits: string): boolean {
  const sum = weighDigits(digits, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
  return (11 - (sum % 11)) % 10 === Number(digits[12]);
}

/** Kind of person, then the province (ISO 3166-2:TH). */
const START = '[1-8](?:1\\d|2[0-7]|3\\d|4\\d|5[0-8]|6[0-7]|7[0-7]|8[0-6]|9[0-6])';

export const THAILAND_RULES: readonly IdRule[] = [
  {
    id: 'th-national',
    entity: 'TH_TNIN',
    first: ['d13'],
    shape: grouped(`${START}\\d{10}`),
    score: SCORES.checked,
    isValid: isNational,
    context: ['tnin', 'thai', 'เลขประจำตัวประชาชน', 'เลขบัตรประชาชน', 'รหัสปชช', 'บัตรประชาชน'],
  },
  {
    id: 'th-national-grouped',
    entity: 'TH_TNIN',
    first: ['d1'],
    shape: grouped('[1-8]([- ])\\d{4}\\1\\d{5}\\1\\d{2}\\1\\d'),
    score: SCORES.certain,
    isValid: isNational,
    context: ['tnin', 'thai', 'เลขประจำตัวประชาชน', 'เลขบัตรประชาชน'],
  },
];
