import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { capitals, unbroken } from './shapes.ts';
import { signaturesOf } from './signatures.ts';

/** Postcode areas of Royal Mail, and of the islands. */
const AREA =
  '(?:A[BL]|B[ABDHLNRST]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]|L[ADELNSU]?' +
  '|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]|UB|W[ACDFNRSV]?|YO|ZE)';
const POSTCODE = `${AREA}\\d[A-HJKMNP-Z\\d]?`;
const INWARD = '\\d[ABD-HJLNP-UW-Z]{2}';

const POSTCODE_CONTEXT = [
  'postcode',
  'postcodes',
  'postal',
  'zip',
  'address',
  'delivery',
  'mailing',
  'shipping',
];
const PLATE_CONTEXT = [
  'vehicle',
  'vehicles',
  'registration',
  'plate',
  'plates',
  'reg',
  'vrn',
  'dvla',
  'v5c',
  'logbook',
  'car',
  'mot',
];

/** In use from September 2001: the area, the half year (02 to 29, 51 to 79), three letters. */
const PLATE = '[A-HJ-PR-Y][A-HJ-PR-Y](?:0[2-9]|[12]\\d|5[1-9]|[67]\\d)([- ]?)[A-HJ-PR-Z]{3}';

export const UK_PLACE_RULES: readonly IdRule[] = [
  {
    id: 'uk-postcode',
    entity: 'UK_POSTCODE',
    first: signaturesOf('ad', 'add', 'aad', 'aadd', 'ada', 'aada', 'aaa'),
    shape: capitals(`(?:${POSTCODE}|GIR) (?:0AA|${INWARD})`),
    score: SCORES.sound,
    context: POSTCODE_CONTEXT,
  },
  {
    id: 'uk-postcode-unspaced',
    entity: 'UK_POSTCODE',
    first: signaturesOf('adxdaa', 'addaa', 'aaddaa', 'aadxdaa', 'aaadaa'),
    shape: unbroken(`${POSTCODE}${INWARD}|GIR0AA`),
    score: SCORES.loose,
    context: POSTCODE_CONTEXT,
  },
  {
    id: 'uk-plate',
    entity: 'UK_VEHICLE_REGISTRATION',
    first: ['a2d2', 'a2d2a3'],
    shape: capitals(`(?!A[QZ]|[TZ]Z)${PLATE}`),
    score: SCORES.likely,
    context: PLATE_CONTEXT,
  },
  {
    id: 'uk-plate-old',
    entity: 'UK_VEHICLE_REGISTRATION',
    first: [
      'a3',
      ...['d1', 'd2', 'd3'].flatMap((digits) => [`a1${digits}`, `a1${digits}a3`, `a3${digits}a1`]),
    ],
    shape: capitals(
      '[A-HJ-NPR-TV-Y]\\d{1,3} ?[A-HJ-PR-Y]{3}|[A-HJ-PR-Y]{3} ?\\d{1,3}[A-HJ-NPR-TV-Y]',
    ),
    score: SCORES.loose,
    context: PLATE_CONTEXT,
  },
];
