import { isShortDate } from '../checksums/calendar.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { unbroken } from './shapes.ts';

const CHECKS = '0123456789ABCDEFHJKLMNPRSTUVWXY';

/** Henkilötunnus: the day of birth and the individual number, nine digits, modulo 31. The century's sign may be gone. */
function isPersonalCode(compact: string): boolean {
  const date = compact.slice(0, 6);
  const individual = compact.slice(-4, -1);
  if (Number(individual) < 2) return false;
  const yearFirst = `${date.slice(4)}${date.slice(2, 4)}${date.slice(0, 2)}`;
  return isShortDate(yearFirst) && CHECKS[Number(`${date}${individual}`) % 31] === compact.at(-1);
}

export const FINLAND_RULES: readonly IdRule[] = [
  {
    id: 'fi-personal-code',
    entity: 'FI_PERSONAL_IDENTITY_CODE',
    first: ['d6', 'd6a1d3a1', 'd6a1d4'],
    shape: unbroken('\\d{6}[-+A-FU-Y]\\d{3}[\\dA-FHJ-NPR-Y]'),
    score: SCORES.certain,
    isValid: isPersonalCode,
    context: ['hetu', 'henkilötunnus', 'personbeteckning', 'personbeteckningen', 'identity'],
  },
];
