import { isIcao } from '../checksums/icao.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { capitals, unbroken } from './shapes.ts';
import { digitRuns, signaturesOf } from './signatures.ts';

/** Serial numbers have no vowels, and no letter that looks like a digit. */
const SERIAL = '[CFGHJ-NPRTV-Z\\d]';
const SERIAL_RUN = signaturesOf('axxxxxxxx');
const CHECKED_RUN = signaturesOf('axxxxxxxxd');

const CARD_CONTEXT = [
  'personalausweis',
  'ausweis',
  'personalausweisnummer',
  'ausweisnummer',
  'ausweisdokument',
  'dokumentennummer',
  'seriennummer',
  'npa',
  'bundespersonalausweis',
  'identity',
  'id',
];
const PASSPORT_CONTEXT = [
  'reisepass',
  'pass',
  'passnummer',
  'reisepassnummer',
  'passport',
  'passports',
  'dokumentennummer',
  'mrz',
];
const LICENCE_CONTEXT = [
  'führerscheinnummer',
  'führerschein',
  'fahrerlaubnis',
  'fahrerlaubnisnummer',
  'fahrerlaubnisklasse',
  'driving',
  "driver's",
  'driver',
  'kba',
  'licence',
  'license',
];

/** A serial number with its check digit in the tenth place, as the machine-readable zone and the card's back have it. */
const CHECKED = { first: CHECKED_RUN, score: SCORES.certain, isValid: isIcao };
/** The ninth place as a check digit, as some registers keep it. */
const SHORT = { first: SERIAL_RUN, score: SCORES.checked, isValid: isIcao };
const UNCHECKED = { first: SERIAL_RUN, score: SCORES.loose, needsContext: true };

function serialRules(
  kind: string,
  letters: string,
  rest: Pick<IdRule, 'entity' | 'context'>,
): IdRule[] {
  return [
    { ...CHECKED, ...rest, id: `de-${kind}-checked`, shape: unbroken(`${letters}${SERIAL}{8}\\d`) },
    { ...SHORT, ...rest, id: `de-${kind}`, shape: unbroken(`${letters}${SERIAL}{7}\\d`) },
    {
      ...UNCHECKED,
      ...rest,
      id: `de-${kind}-serial`,
      shape: unbroken(`${letters}(?=[A-Z]{0,8}\\d)${SERIAL}{8}`),
    },
  ];
}

export const GERMANY_DOCUMENT_RULES: readonly IdRule[] = [
  ...serialRules('passport', '[CFGHJK]', { entity: 'DE_PASSPORT', context: PASSPORT_CONTEXT }),
  ...serialRules('id-card', '[CFGHJ-NPRTV-Z]', { entity: 'DE_ID_CARD', context: CARD_CONTEXT }),
  {
    id: 'de-id-card-old',
    entity: 'DE_ID_CARD',
    first: ['a1d8'],
    shape: unbroken('T\\d{8}'),
    score: SCORES.checked,
    context: CARD_CONTEXT,
  },
  {
    id: 'de-driving-licence',
    entity: 'DE_FUEHRERSCHEIN',
    first: signaturesOf('aaddddddddx'),
    // With DE and nine digits it is a number for value added tax.
    shape: unbroken('(?!DE\\d{9})[A-Z]{2}\\d{8}[A-Z\\d]'),
    score: SCORES.likely,
    context: LICENCE_CONTEXT,
  },
  {
    id: 'de-driving-licence-eu',
    entity: 'DE_FUEHRERSCHEIN',
    first: signaturesOf('adxxxxxxxdx'),
    shape: unbroken('[A-Z]\\d[A-Z\\d]{7}\\d[A-Z\\d]'),
    score: SCORES.loose,
    context: LICENCE_CONTEXT,
    needsContext: true,
  },
  {
    id: 'de-number-plate',
    entity: 'DE_KFZ',
    first: ['a1', 'a2', 'a3'],
    shape: capitals('[A-ZÄÖÜ]{1,3}(?:-[A-Z]{1,2}[- ]?|[ ][A-Z]{1,2} )[1-9]\\d{0,3}[EH]?'),
    score: SCORES.checked,
    context: [
      'kennzeichen',
      'kfz',
      'kraftfahrzeugkennzeichen',
      'nummernschild',
      'fahrzeugkennzeichen',
      'zulassung',
      'fahrzeug',
      'auto',
      'pkw',
      'lkw',
      'fahrzeugschein',
      'fahrzeugbrief',
      'zulassungsbescheinigung',
      'wagen',
    ],
  },
  {
    id: 'de-company-register',
    entity: 'DE_HANDELSREGISTER',
    first: ['a3', ...digitRuns(1, 6).flatMap((digits) => [`a3${digits}`, `a3${digits}a1`])],
    shape: unbroken('HR[AB] ?[1-9]\\d{0,5}(?: ?[A-Z](?![A-ZÀ-ž]))?'),
    score: SCORES.certain,
    context: ['handelsregister', 'handelsregisternummer', 'amtsgericht', 'registergericht'],
  },
  {
    id: 'de-post-code',
    entity: 'DE_PLZ',
    first: ['d5'],
    shape: unbroken('(?!01000|99999)(?:0[1-9]|[1-9]\\d)\\d{3}'),
    score: SCORES.vague,
    context: [
      'plz',
      'postleitzahl',
      'postanschrift',
      'adresse',
      'wohnort',
      'anschrift',
      'wohnanschrift',
      'lieferadresse',
      'rechnungsadresse',
      'postfach',
    ],
    needsContext: true,
  },
];
