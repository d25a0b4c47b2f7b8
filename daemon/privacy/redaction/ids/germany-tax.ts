import { isMod11And10 } from '../checksums/iso7064.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped, unbroken } from './shapes.ts';

/**
 * Steuerliche Identifikationsnummer (§ 139b AO): no digit stands more than three times in the first ten places, and
 * none three times in a row.
 */
function isTaxId(digits: string): boolean {
  const ten = digits.slice(0, 10);
  if (/(\d)\1\1/.test(ten)) return false;
  const most = Math.max(...Array.from(new Set(ten), (digit) => ten.split(digit).length - 1));
  return most <= 3 && isMod11And10(digits);
}

const TAX_CONTEXT = [
  'steueridentifikationsnummer',
  'steuerid',
  'steuer',
  'idnr',
  'identifikationsnummer',
  'steuernummer',
  'steuernr',
  'stnr',
  'st',
  'finanzamt',
  'bzst',
  'steuerbescheid',
  'einkommensteuer',
  'umsatzsteuer',
  'körperschaftsteuer',
  'gewerbesteuer',
  'tin',
];
const VAT_CONTEXT = [
  'ust',
  'ustid',
  'ustidnr',
  'umsatzsteuer',
  'mehrwertsteuer',
  'vat',
  'bzst',
  'finanzamt',
  'rechnung',
  'invoice',
];

/** As ELSTER writes it: the state first, and a 0 in the fifth place; some write the number of the state from 01 to 16. */
const UNIFORM_TAX_NUMBER =
  '(?:10|11|2[1-46-8]|3[0-2]|4[01]|5\\d|9\\d)\\d{2}0\\d{8}|(?:0[1-9]|1[0-6])\\d{11}';

export const GERMANY_TAX_RULES: readonly IdRule[] = [
  {
    id: 'de-tax-id',
    entity: 'DE_TAX_ID',
    first: ['d11', 'd2'],
    shape: grouped('[1-9]\\d( ?)\\d{3}\\1\\d{3}\\1\\d{3}'),
    score: SCORES.checked,
    isValid: isTaxId,
    context: TAX_CONTEXT,
  },
  {
    id: 'de-tax-number-uniform',
    entity: 'DE_TAX_NUMBER',
    first: ['d13'],
    shape: unbroken(UNIFORM_TAX_NUMBER),
    score: SCORES.loose,
    context: TAX_CONTEXT,
  },
  {
    id: 'de-tax-number-slashed',
    entity: 'DE_TAX_NUMBER',
    first: ['d2', 'd3'],
    shape: grouped('\\d{2,3}/\\d{3}/\\d{5}|\\d{3}/\\d{4}/\\d{4}'),
    score: SCORES.likely,
    context: TAX_CONTEXT,
  },
  {
    id: 'de-tax-number-spaced',
    entity: 'DE_TAX_NUMBER',
    first: ['d2', 'd3', 'd5'],
    shape: grouped('\\d{2,3}[ /]\\d{3}[ /]\\d{5}|\\d{3}[ /]\\d{4}[ /]\\d{4}|\\d{5}/\\d{5}'),
    score: SCORES.vague,
    context: TAX_CONTEXT,
    needsContext: true,
  },
  {
    id: 'de-vat-id',
    entity: 'DE_VAT_ID',
    first: ['a2d9', 'a2'],
    shape: grouped('DE[-. ]?[1-9]\\d{2}([-. ]?)\\d{3}\\1\\d{3}'),
    score: SCORES.certain,
    isValid: (compact) => isMod11And10(compact.slice(2)),
    context: VAT_CONTEXT,
  },
];
