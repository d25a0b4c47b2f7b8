import { weighDigits } from '../checksums/digits.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped, unbroken } from './shapes.ts';

const CONTEXT = [
  'ahv',
  'avs',
  'ahvn13',
  'navs13',
  'sozialversicherungsnummer',
  'versichertennummer',
];

/** AHV or AVS: the country's 756, and the check digit of an EAN. */
function isAhv(digits: string): boolean {
  return weighDigits(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0;
}

export const SWITZERLAND_RULES: readonly IdRule[] = [
  {
    id: 'ch-ahv-grouped',
    entity: 'CH_AHV',
    first: ['d3'],
    shape: grouped('756([. ])\\d{4}\\1\\d{4}\\1\\d{2}'),
    score: SCORES.certain,
    isValid: isAhv,
    context: CONTEXT,
  },
  {
    id: 'ch-ahv',
    entity: 'CH_AHV',
    first: ['d13'],
    shape: unbroken('756\\d{10}'),
    score: SCORES.checked,
    isValid: isAhv,
    context: CONTEXT,
  },
];
