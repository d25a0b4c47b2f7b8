import { isShortDate } from '../checksums/calendar.ts';
import { weighDigits } from '../checksums/digits.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped, unbroken } from './shapes.ts';

const RESIDENT_WEIGHTS = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];

/** Numbers given since October 2020 have no check digit: the day of birth is all that can be proven of them. */
function isDated(digits: string): boolean {
  return isShortDate(digits);
}

function isResident(digits: string): boolean {
  const check = (11 - (weighDigits(digits, RESIDENT_WEIGHTS) % 11)) % 10;
  return isDated(digits) && check === Number(digits[12]);
}

function isForeigner(digits: string): boolean {
  const check = (13 - (weighDigits(digits, RESIDENT_WEIGHTS) % 11)) % 10;
  return isDated(digits) && check === Number(digits[12]);
}

/** Business registration number. */
function isBusiness(digits: string): boolean {
  const carried = Math.floor((Number(digits[8]) * 5) / 10);
  const sum = weighDigits(digits, [1, 3, 7, 1, 3, 7, 1, 3, 5]) + carried;
  return (10 - (sum % 10)) % 10 === Number(digits[9]) && !digits.startsWith('000');
}

const RESIDENT = {
  entity: 'KR_RRN',
  context: [
    'rrn',
    'resident',
    'korean',
    '주민등록번호',
    '주민번호',
    '주민등록번호는',
    '주민번호는',
  ],
};
const FOREIGNER = {
  entity: 'KR_FRN',
  context: ['frn', 'foreigner', 'korean', '외국인등록번호', '외국인번호', '외국인등록번호는'],
};
const BUSINESS = {
  entity: 'KR_BRN',
  context: ['brn', 'business', '사업자등록번호', '사업자번호', '사업자', '사업자등록번호는'],
};
const PASSPORT_CONTEXT = ['passport', 'passports', '여권', '여권번호', '여권번호는'];
const DRIVER_CONTEXT = [
  'driver',
  "driver's",
  'driving',
  'license',
  '운전면허',
  '운전면허번호',
  '면허번호',
  '면허번호는',
];

/** The seventh digit: century and sex; from 5 on, of foreigners. */
function personRules(
  id: string,
  seventh: string,
  kind: Pick<IdRule, 'entity' | 'context' | 'isValid'>,
): IdRule[] {
  const start = `\\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])`;
  const unchecked = { ...kind, isValid: isDated };
  return [
    {
      ...unchecked,
      id: `${id}-grouped`,
      first: ['d6'],
      shape: grouped(`${start}-${seventh}\\d{6}`),
      score: SCORES.sound,
    },
    {
      ...kind,
      id: `${id}-checked`,
      first: ['d13', 'd6'],
      shape: grouped(`${start}-?${seventh}\\d{6}`),
      score: SCORES.certain,
    },
    {
      ...unchecked,
      id,
      first: ['d13'],
      shape: unbroken(`${start}${seventh}\\d{6}`),
      score: SCORES.loose,
    },
  ];
}

export const KOREA_RULES: readonly IdRule[] = [
  ...personRules('kr-rrn', '[1-4]', { ...RESIDENT, isValid: isResident }),
  ...personRules('kr-frn', '[5-8]', { ...FOREIGNER, isValid: isForeigner }),
  {
    ...BUSINESS,
    id: 'kr-brn-grouped',
    first: ['d3'],
    shape: grouped('\\d{3}-\\d{2}-\\d{5}'),
    score: SCORES.sound,
    isValid: isBusiness,
  },
  {
    ...BUSINESS,
    id: 'kr-brn',
    first: ['d10'],
    shape: unbroken('[1-9]\\d{9}'),
    score: SCORES.checked,
    isValid: isBusiness,
  },
  {
    id: 'kr-licence-grouped',
    entity: 'KR_DRIVER_LICENSE',
    first: ['d2'],
    shape: grouped('(?:1[1-9]|2[0-8])-\\d{2}-\\d{6}-\\d{2}'),
    score: SCORES.sound,
    context: DRIVER_CONTEXT,
  },
  {
    id: 'kr-licence',
    entity: 'KR_DRIVER_LICENSE',
    first: ['d12'],
    shape: unbroken('(?:1[1-9]|2[0-8])\\d{10}'),
    score: SCORES.loose,
    context: DRIVER_CONTEXT,
    needsContext: true,
  },
  {
    id: 'kr-passport',
    entity: 'KR_PASSPORT',
    first: ['a1d3a1d4'],
    shape: unbroken('[DGMORS]\\d{3}[A-Z]\\d{4}'),
    score: SCORES.loose,
    context: PASSPORT_CONTEXT,
  },
  {
    id: 'kr-passport-old',
    entity: 'KR_PASSPORT',
    first: ['a1d8'],
    shape: unbroken('[DGMORS]\\d{8}'),
    score: SCORES.vague,
    context: PASSPORT_CONTEXT,
    needsContext: true,
  },
];
