import { digitsOf, weighDigits } from '../checksums/digits.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { capitals, unbroken } from './shapes.ts';

/** T.C. kimlik numarası: the tenth digit checks the odd and even places apart, the eleventh the first ten. */
function isNational(digits: string): boolean {
  const odd = weighDigits(digits, [1, 0, 1, 0, 1, 0, 1, 0, 1]);
  const even = weighDigits(digits, [0, 1, 0, 1, 0, 1, 0, 1]);
  const total = digitsOf(digits.slice(0, 10)).reduce((sum, digit) => sum + digit, 0);
  return (
    (((odd * 7 - even) % 10) + 10) % 10 === Number(digits[9]) && total % 10 === Number(digits[10])
  );
}

/** The province, from 01 to 81. */
const PROVINCE = '(?:0[1-9]|[1-7]\\d|8[01])';

export const TURKEY_RULES: readonly IdRule[] = [
  {
    id: 'tr-national',
    entity: 'TR_NATIONAL_ID',
    first: ['d11'],
    shape: unbroken('[1-9]\\d{9}[02468]'),
    score: SCORES.likely,
    isValid: isNational,
    context: ['tc', 'kimlik', 'tckn', 'nüfus', 'turkish', 'türk', 'vatandaşlık'],
  },
  {
    id: 'tr-plate',
    entity: 'TR_LICENSE_PLATE',
    first: ['d2', 'd2a1d4', 'd2a1d5', 'd2a2d3', 'd2a2d4', 'd2a3d2', 'd2a3d3'],
    shape: unbroken(`${PROVINCE}(?: [A-Z]{1,3} |-[A-Z]{1,3}-|[A-Z]{1,3})\\d{2,5}`),
    score: SCORES.loose,
    context: ['plaka', 'plakası', 'plakalı', 'plate', 'araç', 'taşıt', 'kayıt'],
    needsContext: true,
  },
  {
    id: 'tr-plate-capitals',
    entity: 'TR_LICENSE_PLATE',
    first: ['d2'],
    shape: capitals(`${PROVINCE}([- ])[A-Z]{1,3}\\1\\d{2,5}`),
    score: SCORES.checked,
    context: ['plaka', 'plakası', 'plakalı', 'plate', 'araç', 'taşıt', 'kayıt'],
  },
];
