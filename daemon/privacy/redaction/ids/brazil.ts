import { isOneCharacter, weighDigits } from '../checksums/digits.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped, unbroken } from './shapes.ts';

const CONTEXT = ['cpf', 'cpfs', 'receita', 'contribuinte'];

const WEIGHTS = [9, 10].map((place) =>
  Array.from({ length: place }, (_, before) => place + 1 - before),
);

/** CPF: two check digits, each of all digits before it, modulo 11. */
function isCpf(digits: string): boolean {
  if (isOneCharacter(digits)) return false;
  return WEIGHTS.every(
    (weights) => ((weighDigits(digits, weights) * 10) % 11) % 10 === Number(digits[weights.length]),
  );
}

export const BRAZIL_RULES: readonly IdRule[] = [
  {
    id: 'br-cpf-grouped',
    entity: 'BR_CPF',
    first: ['d3'],
    shape: grouped('\\d{3}\\.\\d{3}\\.\\d{3}-\\d{2}'),
    score: SCORES.certain,
    isValid: isCpf,
    context: CONTEXT,
  },
  {
    id: 'br-cpf',
    entity: 'BR_CPF',
    first: ['d11'],
    shape: unbroken('\\d{11}'),
    score: SCORES.checked,
    isValid: isCpf,
    context: CONTEXT,
  },
];
