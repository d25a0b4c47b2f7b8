import { isShortDate } from '../checksums/calendar.ts';
import { isLuhn } from '../checksums/luhn.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped, unbroken } from './shapes.ts';

/** Personnummer, and samordningsnummer, to whose day 60 is added. */
function isPersonal(compact: string): boolean {
  const ten = compact.replace('+', '').slice(-10);
  const day = Number(ten.slice(4, 6));
  const date = ten.slice(0, 4) + String(day > 60 ? day - 60 : day).padStart(2, '0');
  return isShortDate(date) && isLuhn(ten);
}

const PERSONAL = {
  entity: 'SE_PERSONNUMMER',
  isValid: isPersonal,
  context: ['personnummer', 'pnr', 'samordningsnummer', 'personal', 'personnr'],
};
const ORGANISATION = {
  entity: 'SE_ORGANISATIONSNUMMER',
  isValid: isLuhn,
  context: ['organisationsnummer', 'orgnr', 'org', 'företagsnummer', 'organisationsnr', 'company'],
};

export const SWEDEN_RULES: readonly IdRule[] = [
  {
    ...PERSONAL,
    id: 'se-personal-grouped',
    first: ['d6', 'd8'],
    shape: grouped('(?:18|19|20)?\\d{6}[-+]\\d{4}'),
    score: SCORES.certain,
  },
  {
    ...PERSONAL,
    id: 'se-personal-century',
    first: ['d12'],
    shape: unbroken('(?:18|19|20)\\d{10}'),
    score: SCORES.sound,
  },
  {
    ...PERSONAL,
    id: 'se-personal',
    first: ['d10'],
    shape: unbroken('\\d{10}'),
    score: SCORES.likely,
  },
  {
    ...ORGANISATION,
    id: 'se-organisation-grouped',
    first: ['d6'],
    shape: grouped('[1-9]\\d[2-9]\\d{3}-\\d{4}'),
    score: SCORES.sound,
  },
  {
    ...ORGANISATION,
    id: 'se-organisation',
    first: ['d10'],
    shape: unbroken('[1-9]\\d[2-9]\\d{7}'),
    score: SCORES.checked,
  },
];
