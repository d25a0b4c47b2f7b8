import { isDay } from '../checksums/calendar.ts';
import { weighDigitSums } from '../checksums/digit-sums.ts';
import { weighDigits } from '../checksums/digits.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { unbroken } from './shapes.ts';

/** The place of a letter in the alphabet, in two digits: A is `01`. */
function placeOf(letter: string): string {
  return String(letter.charCodeAt(0) - 64).padStart(2, '0');
}

/** Rentenversicherungsnummer (VKVV § 2, 4): area, day of birth (plus 50 where days ran out), letter, serial, check. */
function isPensionNumber(compact: string): boolean {
  const day = Number(compact.slice(2, 4));
  const year = Number(compact.slice(6, 8));
  if (!isDay(year, Number(compact.slice(4, 6)), day > 50 ? day - 50 : day)) return false;
  const digits = `${compact.slice(0, 8)}${placeOf(compact.charAt(8))}${compact.slice(9)}`;
  const check = weighDigitSums(digits, [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]);
  return check === Number(compact.at(-1));
}

/** Krankenversichertennummer (§ 290 SGB V): a letter and nine digits, weights 1 and 2. */
function isHealthNumber(compact: string): boolean {
  const digits = `${placeOf(compact.charAt(0))}${compact.slice(1)}`;
  return weighDigitSums(digits, [1, 2, 1, 2, 1, 2, 1, 2, 1, 2]) === Number(compact.at(-1));
}

/** Lebenslange Arztnummer: the seventh digit checks the first six; the last two say the field of medicine. */
function isDoctorNumber(digits: string): boolean {
  return (10 - (weighDigits(digits, [4, 9, 4, 9, 4, 9]) % 10)) % 10 === Number(digits[6]);
}

/** Of the associations of doctors that give numbers to practices; the first two digits. */
const PRACTICE_AREA =
  '(?:0[1-3]|06|17|20|21|24|27|28|31|35|37|38|39|4[0-9]|5[0-5]|6[0-3]|7[1-4]|78|79|83|8[5-8]|9[13-689]|99)';

const DOCTOR_CONTEXT = [
  'lanr',
  'arztnummer',
  'arzt',
  'vertragsarzt',
  'kassenarzt',
  'kbv',
  'rezept',
  'hausarzt',
  'facharzt',
];
const PRACTICE_CONTEXT = [
  'bsnr',
  'betriebsstättennummer',
  'betriebsstätte',
  'praxisnummer',
  'arztpraxis',
  'praxis',
  'nebenbetriebsstätte',
  'hauptbetriebsstätte',
  'behandlungsort',
];

export const GERMANY_INSURANCE_RULES: readonly IdRule[] = [
  {
    id: 'de-pension-number',
    entity: 'DE_SOCIAL_SECURITY',
    first: ['d8a1d3', 'd2'],
    shape: unbroken('\\d{2}( ?)\\d{6}\\1[A-Z]\\1\\d{3}'),
    score: SCORES.certain,
    isValid: isPensionNumber,
    context: [
      'rentenversicherungsnummer',
      'sozialversicherungsnummer',
      'versicherungsnummer',
      'rvnr',
      'svnr',
      'sv',
      'rente',
      'rentenversicherung',
      'drv',
      'sozialversicherung',
      'sozialversicherungsausweis',
      'rentenausweis',
    ],
  },
  {
    id: 'de-health-number',
    entity: 'DE_HEALTH_INSURANCE',
    first: ['a1d9'],
    shape: unbroken('[A-Z]\\d{9}'),
    score: SCORES.likely,
    isValid: isHealthNumber,
    context: [
      'krankenversicherungsnummer',
      'krankenversichertennummer',
      'versichertennummer',
      'kvnr',
      'krankenkasse',
      'krankenversicherung',
      'gesundheitskarte',
      'egk',
      'gkv',
      'krankenversicherungsausweis',
      'versichertenausweis',
      'versichertenkarte',
      'aok',
      'tkk',
      'tk',
      'barmer',
      'dak',
    ],
  },
  {
    id: 'de-doctor-number',
    entity: 'DE_LANR',
    first: ['d9'],
    shape: unbroken('\\d{9}'),
    score: SCORES.checked,
    isValid: isDoctorNumber,
    context: DOCTOR_CONTEXT,
  },
  {
    id: 'de-practice-number',
    entity: 'DE_BSNR',
    first: ['d9'],
    shape: unbroken(`${PRACTICE_AREA}\\d{7}`),
    score: SCORES.loose,
    context: PRACTICE_CONTEXT,
    needsContext: true,
  },
];
