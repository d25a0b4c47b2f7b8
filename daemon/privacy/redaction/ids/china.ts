import { isDay } from '../checksums/calendar.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { unbroken } from './shapes.ts';

/** Resident identity number (GB 11643): division, day of birth, sequence, ISO 7064 MOD 11-2. */
function isResidentId(compact: string): boolean {
  const [year, month, day] = [compact.slice(6, 10), compact.slice(10, 12), compact.slice(12, 14)];
  if (!isDay(Number(year), Number(month), Number(day))) return false;
  let sum = 0;
  for (const digit of compact.slice(0, 17)) sum = ((sum + Number(digit)) * 2) % 11;
  const check = (12 - sum) % 11;
  return compact.at(-1) === (check === 10 ? 'X' : String(check));
}

export const CHINA_RULES: readonly IdRule[] = [
  {
    id: 'cn-resident-id',
    entity: 'CN_RESIDENT_ID',
    first: ['d18', 'd17a1'],
    shape: unbroken('[1-8]\\d{5}(?:18|19|20)\\d{9}[\\dX]'),
    score: SCORES.certain,
    isValid: isResidentId,
    context: ['身份证', '身分證', '公民身份号码'],
  },
];
