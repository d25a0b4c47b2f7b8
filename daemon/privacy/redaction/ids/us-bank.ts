import { isOneCharacter, weighDigits } from '../checksums/digits.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped, unbroken } from './shapes.ts';
import { digitRuns } from './signatures.ts';

/** Of the American Bankers Association: weights 3, 7, 1. */
function isRoutingNumber(digits: string): boolean {
  return weighDigits(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0 && !isOneCharacter(digits);
}

/** Federal reserve districts: 00 government, 01 to 12, plus 20 for thrifts, plus 60 for electronic ones, 80 cheques. */
const DISTRICT = '(?:0\\d|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)';
const ROUTING_CONTEXT = ['aba', 'routing', 'rtn', 'transit', 'bankrouting', 'abarouting'];

export const US_BANK_RULES: readonly IdRule[] = [
  {
    id: 'us-aba',
    entity: 'ABA_ROUTING_NUMBER',
    first: ['d9'],
    shape: unbroken(`${DISTRICT}\\d{7}`),
    score: SCORES.checked,
    isValid: isRoutingNumber,
    context: ROUTING_CONTEXT,
  },
  {
    id: 'us-aba-grouped',
    entity: 'ABA_ROUTING_NUMBER',
    first: ['d4'],
    shape: grouped(`${DISTRICT}\\d{2}-\\d{4}-\\d`),
    score: SCORES.likely,
    isValid: isRoutingNumber,
    context: ROUTING_CONTEXT,
  },
  {
    id: 'us-bank-account',
    entity: 'US_BANK_NUMBER',
    first: digitRuns(8, 17),
    shape: unbroken('\\d{8,17}'),
    score: SCORES.vague,
    context: ['account', 'accounts', 'acct', 'checking', 'savings'],
    needsContext: true,
  },
];
