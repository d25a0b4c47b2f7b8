import { weighDigits } from '../checksums/digits.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { unbroken } from './shapes.ts';
import { signaturesOf } from './signatures.ts';

/** By the first letter: what is added to the sum, and the letters of its remainders modulo 11. */
const SERIES: Readonly<Record<string, readonly [added: number, letters: string]>> = {
  S: [0, 'JZIHGFEDCBA'],
  T: [4, 'JZIHGFEDCBA'],
  F: [0, 'XWUTRQPNMLK'],
  G: [4, 'XWUTRQPNMLK'],
  M: [3, 'XWUTRQPNJLK'],
};

/** NRIC of residents and FIN of foreigners. */
function isPersonal(compact: string): boolean {
  const [added, letters] = SERIES[compact.charAt(0)] ?? [0, ''];
  const sum = weighDigits(compact.slice(1), [2, 7, 6, 5, 4, 3, 2]) + added;
  const place = compact.startsWith('M') ? 10 - (sum % 11) : sum % 11;
  const reversed = compact.startsWith('M') ? Array.from(letters).reverse().join('') : letters;
  return reversed.charAt(place) === compact.at(-1);
}

const ENTITY_PLACES = 'ABCDEFGHJKLMNPQRSTUVWX0123456789';

/** Unique Entity Number: of businesses (8 digits), local companies (9) and all others, each with its letters. */
function isUen(compact: string): boolean {
  const digits = compact.slice(0, -1);
  if (/^\d{8}$/.test(digits))
    return 'XMKECAWLJDB'[weighDigits(digits, [10, 4, 9, 3, 8, 2, 7, 1]) % 11] === compact.at(-1);
  if (/^\d{9}$/.test(digits))
    return 'ZKCMDNERGWH'[weighDigits(digits, [10, 8, 6, 4, 9, 7, 5, 3, 1]) % 11] === compact.at(-1);
  const sum = [4, 3, 5, 3, 10, 2, 2, 5, 7].reduce(
    (total, weight, place) => total + weight * ENTITY_PLACES.indexOf(digits.charAt(place)),
    0,
  );
  return ENTITY_PLACES[(((sum - 5) % 11) + 11) % 11] === compact.at(-1);
}

const NRIC_RUN = signaturesOf('addddddda');
const NRIC_CONTEXT = ['nric', 'fin', 'nrics'];

export const SINGAPORE_RULES: readonly IdRule[] = [
  {
    id: 'sg-nric',
    entity: 'SG_NRIC_FIN',
    first: NRIC_RUN,
    shape: unbroken('[FGMST]\\d{7}[A-Z]'),
    score: SCORES.certain,
    isValid: isPersonal,
    context: NRIC_CONTEXT,
  },
  {
    id: 'sg-nric-unchecked',
    entity: 'SG_NRIC_FIN',
    first: NRIC_RUN,
    shape: unbroken('[FGMST]\\d{7}[A-Z]'),
    score: SCORES.checked,
    context: NRIC_CONTEXT,
  },
  {
    id: 'sg-uen',
    entity: 'SG_UEN',
    first: signaturesOf('dddddddda', 'ddddddddda', 'addaadddda'),
    shape: unbroken('\\d{8}[A-Z]|[12]\\d{8}[A-Z]|[RST]\\d{2}[A-Z]{2}\\d{4}[A-Z]'),
    score: SCORES.sound,
    isValid: isUen,
    context: ['uen', 'acra', 'entity', 'business'],
  },
];
