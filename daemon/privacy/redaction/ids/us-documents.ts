import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { grouped, unbroken } from './shapes.ts';
import { digitRuns } from './signatures.ts';

/** Areas that the IRS gives to taxpayers without a social security number: the fourth and fifth digits. */
const ITIN_GROUP = '(?:5\\d|6[0-5]|7\\d|8[0-8]|9[0-24-9])';
const ITIN_CONTEXT = ['itin', 'itins', 'taxpayer', 'tax', 'taxid', 'tin', 'w7', 'irs'];

/** 987-65-4320 to 987-65-4329 are for advertisements. */
function isGivenOut(digits: string): boolean {
  return !/^98765432\d$/.test(digits);
}

const PASSPORT_CONTEXT = ['passport', 'passports', 'travel'];
/** Software has licences and drivers as well: neither word says enough on its own. */
const DRIVER_CONTEXT = [
  ...['driver', "driver's", 'driver’s', 'drivers', 'driving'].flatMap((driver) =>
    ['license', 'licence', 'lic', 'permit', 'id'].map((licence) => `${driver} ${licence}`),
  ),
  ...['dl', 'dln', 'dmv', 'dlno'],
];
const LICENSE_CONTEXT = [
  ...DRIVER_CONTEXT,
  ...['license', 'licence', 'lic'].flatMap((licence) => [
    ...['my', 'his', 'her', 'their', 'state'].map((whose) => `${whose} ${licence}`),
    ...['number', 'no', 'num', 'id', 'is'].map((what) => `${licence} ${what}`),
  ]),
];

const TAXPAYER_RULES: readonly IdRule[] = [
  {
    id: 'us-itin-grouped',
    entity: 'US_ITIN',
    first: ['d3'],
    shape: grouped(`9\\d\\d([- ])${ITIN_GROUP}\\1\\d{4}`),
    score: SCORES.sound,
    isValid: isGivenOut,
    context: ITIN_CONTEXT,
  },
  {
    id: 'us-itin',
    entity: 'US_ITIN',
    first: ['d3', 'd5', 'd9'],
    shape: grouped(`9\\d\\d-?${ITIN_GROUP}-?\\d{4}`),
    score: SCORES.vague,
    context: ITIN_CONTEXT,
  },
];

export const US_DOCUMENT_RULES: readonly IdRule[] = [
  ...TAXPAYER_RULES,
  {
    id: 'us-passport',
    entity: 'US_PASSPORT',
    first: ['d9', 'a1d8'],
    shape: unbroken('[A-Z\\d]\\d{8}'),
    score: SCORES.loose,
    context: PASSPORT_CONTEXT,
    needsContext: true,
  },
  {
    id: 'us-licence-letters',
    entity: 'US_DRIVER_LICENSE',
    first: [...digitRuns(6, 14).map((digits) => `a1${digits}`), 'a2d5', 'a2d6', 'a2d7', 'a3d6'],
    shape: unbroken('[A-Z]{1,3}\\d{5,14}'),
    score: SCORES.loose,
    context: LICENSE_CONTEXT,
    needsContext: true,
  },
  {
    id: 'us-licence-grouped',
    entity: 'US_DRIVER_LICENSE',
    first: ['a1d3'],
    shape: grouped(
      '[A-Z]\\d{3}([- ])(?:\\d{3}\\1\\d{3}|\\d{4}\\1\\d{4}(?:\\1\\d{2})?|\\d{3}\\1\\d{2}\\1\\d{3}\\1\\d)',
    ),
    score: SCORES.loose,
    context: LICENSE_CONTEXT,
    needsContext: true,
  },
  {
    id: 'us-licence-digits',
    entity: 'US_DRIVER_LICENSE',
    first: digitRuns(7, 13),
    shape: unbroken('\\d{7,13}'),
    score: SCORES.vague,
    context: DRIVER_CONTEXT,
    needsContext: true,
  },
];
