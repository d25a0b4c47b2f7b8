import { isOneCharacter, weighDigits } from '../checksums/digits.ts';
import { isLuhn } from '../checksums/luhn.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped, unbroken } from './shapes.ts';
import { signaturesOf } from './signatures.ts';

/** National Provider Identifier: ISO 7812 of an issuer in the US (80) and health (840). */
function isNpi(digits: string): boolean {
  return isLuhn(`80840${digits}`) && !isOneCharacter(digits.slice(0, -1));
}

/** Of the Drug Enforcement Administration: the sum of both triples, the second twice, ends in the seventh digit. */
function isDea(compact: string): boolean {
  return weighDigits(compact.slice(2), [1, 2, 1, 2, 1, 2]) % 10 === Number(compact.at(-1));
}

/** Medicare Beneficiary Identifier, of CMS: no S, L, O, I, B or Z. */
const MBI_LETTER = '[AC-HJKMNP-RT-Y]';
const MBI_GROUPS = [
  `[1-9]${MBI_LETTER}(?:\\d|${MBI_LETTER})\\d`,
  `${MBI_LETTER}(?:\\d|${MBI_LETTER})\\d`,
  `${MBI_LETTER}{2}\\d\\d`,
] as const;

const MBI_CONTEXT = ['medicare', 'mbi', 'beneficiary', 'cms', 'hic', 'hicn', 'medicaid'];
const NPI_CONTEXT = ['npi', 'provider', 'providers', 'taxonomy', 'prescriber'];

export const US_HEALTH_RULES: readonly IdRule[] = [
  {
    id: 'us-npi',
    entity: 'US_NPI',
    first: ['d10'],
    shape: unbroken('[12]\\d{9}'),
    score: SCORES.checked,
    isValid: isNpi,
    context: NPI_CONTEXT,
  },
  {
    id: 'us-npi-grouped',
    entity: 'US_NPI',
    first: ['d4'],
    shape: grouped('[12]\\d{3}([- ])\\d{3}\\1\\d{3}'),
    score: SCORES.checked,
    isValid: isNpi,
    context: NPI_CONTEXT,
  },
  {
    id: 'us-mbi',
    entity: 'US_MBI',
    first: signaturesOf('daxdaxdaadd'),
    shape: unbroken(MBI_GROUPS.join('')),
    score: SCORES.sound,
    context: MBI_CONTEXT,
  },
  {
    id: 'us-mbi-grouped',
    entity: 'US_MBI',
    first: signaturesOf('daxd'),
    shape: unbroken(MBI_GROUPS.join('-')),
    score: SCORES.certain,
    context: MBI_CONTEXT,
  },
  {
    id: 'us-dea',
    entity: 'MEDICAL_LICENSE',
    first: ['a2d7', 'a1d8'],
    shape: unbroken('[A-HJ-MPRSTUX][A-Z9]\\d{7}'),
    score: SCORES.checked,
    isValid: isDea,
    context: ['dea', 'medical', 'prescriber', 'physician', 'certificate', 'registrant', 'doctor'],
  },
];
