import { isOneCharacter, weighDigits } from '../checksums/digits.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped, unbroken } from './shapes.ts';

/** Australian Business Number: one less in the first place, then modulo 89. */
function isAbn(digits: string): boolean {
  // Amounts are round; of numbers that are given out, one in a million is.
  if (digits.endsWith('000000')) return false;
  const weights = [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19];
  return !digits.startsWith('0') && (weighDigits(digits, weights) - 10) % 89 === 0;
}

/** Australian Company Number. */
function isAcn(digits: string): boolean {
  const rest = weighDigits(digits, [8, 7, 6, 5, 4, 3, 2, 1]) % 10;
  return (10 - rest) % 10 === Number(digits[8]) && !isOneCharacter(digits);
}

/** Tax File Number. */
function isTfn(digits: string): boolean {
  return weighDigits(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0 && !isOneCharacter(digits);
}

/** Medicare card: the ninth digit checks the first eight; the tenth counts issues of the card. */
function isMedicare(digits: string): boolean {
  return weighDigits(digits, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === Number(digits[8]);
}

const ABN_CONTEXT = ['abn', 'abns', 'business'];
const MEDICARE_CONTEXT = ['medicare'];

const THREES = '\\d{3}([- ]?)\\d{3}\\1\\d{3}';

export const AUSTRALIA_RULES: readonly IdRule[] = [
  {
    id: 'au-abn',
    entity: 'AU_ABN',
    first: ['d11'],
    shape: unbroken('[1-9]\\d{10}'),
    score: SCORES.checked,
    isValid: isAbn,
    context: ABN_CONTEXT,
  },
  {
    id: 'au-abn-grouped',
    entity: 'AU_ABN',
    first: ['d2'],
    shape: grouped('[1-9]\\d([- ])\\d{3}\\1\\d{3}\\1\\d{3}'),
    score: SCORES.sound,
    isValid: isAbn,
    context: ABN_CONTEXT,
  },
  {
    id: 'au-acn',
    entity: 'AU_ACN',
    first: ['d9', 'd3'],
    shape: grouped(THREES),
    score: SCORES.checked,
    isValid: isAcn,
    context: ['acn', 'acns', 'company'],
  },
  {
    id: 'au-tfn',
    entity: 'AU_TFN',
    first: ['d9', 'd3'],
    shape: grouped(THREES),
    score: SCORES.checked,
    isValid: isTfn,
    context: ['tfn', 'tfns', 'tax'],
  },
  {
    id: 'au-medicare',
    entity: 'AU_MEDICARE',
    first: ['d10'],
    shape: unbroken('[2-6]\\d{9}'),
    score: SCORES.checked,
    isValid: isMedicare,
    context: MEDICARE_CONTEXT,
  },
  {
    id: 'au-medicare-grouped',
    entity: 'AU_MEDICARE',
    first: ['d4'],
    shape: grouped('[2-6]\\d{3}([- ])\\d{5}\\1\\d'),
    score: SCORES.sound,
    isValid: isMedicare,
    context: MEDICARE_CONTEXT,
  },
];
