import { isMod36 } from '../checksums/mod36.ts';
import { isVerhoeff } from '../checksums/verhoeff.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { capitals, grouped, unbroken } from './shapes.ts';
import { digitRuns, signaturesOf } from './signatures.ts';

/** Aadhaar: twelve digits; a number that reads the same backwards is not given out. */
function isAadhaar(digits: string): boolean {
  return isVerhoeff(digits) && digits !== Array.from(digits).reverse().join('');
}

/** Permanent Account Number: five letters, the fourth the kind of holder, four digits, a letter. */
const PAN = '[A-Z]{3}[ABCFGHJLPT][A-Z]\\d{4}[A-Z]';
const GSTIN = '(?:0[1-9]|[12]\\d|3[0-8]|97|99)[A-Z]{5}\\d{4}[A-Z][1-9A-Z]Z[A-Z\\d]';
const GSTIN_RUN = signaturesOf('ddaaaaaddddaxax');
const GSTIN_CONTEXT = ['gstin', 'gst', 'gstins'];

const STATE =
  '(?:A[NPRS]|BR|C[GH]|D[DLN]|G[AJ]|H[PR]|J[HK]|K[AL]|L[AD]|M[HLNPZ]|NL|O[DR]|P[BY]|RJ|SK|T[GNRS]|U[AKPT]|WB)';
const VEHICLE_CONTEXT = [
  'rto',
  'vehicle',
  'vehicles',
  'plate',
  'registration',
  'car',
  'bike',
  'scooter',
];

const VEHICLE_RULES: readonly IdRule[] = [
  {
    id: 'in-vehicle',
    entity: 'IN_VEHICLE_REGISTRATION',
    first: [
      'a2',
      ...['a2d1', 'a2d2'].flatMap((start) => [
        start,
        ...['a1d4', 'a2d4', 'a3d4'].map((end) => start + end),
      ]),
    ],
    shape: capitals(`${STATE}[- ]?\\d{1,2}[- ]?[A-HJ-NP-Z]{1,3}[- ]?\\d{4}`),
    score: SCORES.sound,
    context: VEHICLE_CONTEXT,
  },
  {
    id: 'in-vehicle-bharat',
    entity: 'IN_VEHICLE_REGISTRATION',
    first: ['d2a2d4a1', 'd2a2d4a2', 'd2'],
    shape: capitals('2\\d[- ]?BH[- ]?\\d{4}[- ]?[A-HJ-NP-Z]{1,2}'),
    score: SCORES.sound,
    context: VEHICLE_CONTEXT,
  },
  {
    id: 'in-vehicle-old',
    entity: 'IN_VEHICLE_REGISTRATION',
    first: digitRuns(1, 6).flatMap((digits) =>
      ['a1', 'a2', 'a3'].map((letters) => letters + digits),
    ),
    shape: capitals('[A-Z]{1,3}\\d{1,6}'),
    score: SCORES.vague,
    context: ['rto', 'vehicle', 'vehicles', 'plate'],
    needsContext: true,
  },
];

export const INDIA_RULES: readonly IdRule[] = [
  ...VEHICLE_RULES,
  {
    id: 'in-aadhaar',
    entity: 'IN_AADHAAR',
    first: ['d12', 'd4'],
    shape: grouped('[2-9]\\d{3}([- :]?)\\d{4}\\1\\d{4}'),
    score: SCORES.checked,
    isValid: isAadhaar,
    context: ['aadhaar', 'aadhar', 'adhaar', 'uidai', 'uid', 'आधार'],
  },
  {
    id: 'in-pan',
    entity: 'IN_PAN',
    first: ['a5d4a1'],
    shape: unbroken(PAN),
    score: SCORES.sound,
    context: ['pan', 'permanent'],
  },
  {
    id: 'in-gstin',
    entity: 'IN_GSTIN',
    first: GSTIN_RUN,
    shape: unbroken(GSTIN),
    score: SCORES.certain,
    isValid: isMod36,
    context: GSTIN_CONTEXT,
  },
  {
    id: 'in-gstin-unchecked',
    entity: 'IN_GSTIN',
    first: GSTIN_RUN,
    shape: unbroken(GSTIN),
    score: SCORES.likely,
    context: GSTIN_CONTEXT,
  },
  {
    id: 'in-passport',
    entity: 'IN_PASSPORT',
    first: ['a1d7', 'a1d2'],
    shape: unbroken('[A-PR-WY][1-9]\\d ?\\d{4}[1-9]'),
    score: SCORES.loose,
    context: ['passport', 'passports'],
    needsContext: true,
  },
  {
    id: 'in-voter',
    entity: 'IN_VOTER',
    first: ['a3d7'],
    shape: unbroken('[A-Z]{3}\\d{7}'),
    score: SCORES.checked,
    context: ['voter', 'voters', 'vote', 'epic', 'elector', 'electoral'],
  },
];
