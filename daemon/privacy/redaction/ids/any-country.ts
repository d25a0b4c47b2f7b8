import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { unbroken } from './shapes.ts';
import { digitRuns } from './signatures.ts';

/** One word each, or a phrase in which `_` is a space. */
const read = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => line.split(' ')).map((word) => word.replaceAll('_', ' '));

const PASSPORT_ELSEWHERE = read([
  'passeport pasaporte passaporto passaporte paspoort paspoortnummer paszport paszportu pașaport pasaport útlevél',
  'pass_nr pas_nr paspor паспорт паспорта διαβατήριο διαβατηρίου hộ_chiếu 护照 護照 パスポート 旅券 여권 جواز דרכון',
  'पासपोर्ट หนังสือเดินทาง',
]);
const PASSPORT = ['passport', 'passports', 'reisepass', 'reisepassnummer', 'passnummer'];
const LICENCE = read([
  'führerschein führerscheinnummer permis_de_conduire permiso_de_conducir patente_di_guida licencia_de_conducir',
  'carnet_de_conducir rijbewijs rijbewijsnummer prawo_jazdy prawa_jazdy carta_de_condução cnh körkort körkortsnummer',
  'kørekort førerkort ajokortti řidičský_průkaz ehliyet водительское водительского 運転免許 驾驶证',
]);

/** Documents of countries without a rule of their own: only behind a word that names nothing else. */
export const ANY_COUNTRY_RULES: readonly IdRule[] = [
  {
    id: 'passport-letters',
    entity: 'PASSPORT',
    first: ['a1d6', 'a1d7', 'a1d8', 'a2d6', 'a2d7', 'a3d6', 'a1d6a1d1', 'd2a2d5', 'a1d2a2d4'],
    shape: unbroken(
      '[A-Z]\\d{6}[A-Z]\\d|[A-Z]\\d{2}[A-Z]{2}\\d{4}|\\d{2}[A-Z]{2}\\d{5}|[A-Z]{1,3}\\d{6,8}',
    ),
    score: SCORES.vague,
    context: [...PASSPORT, ...PASSPORT_ELSEWHERE],
    needsContext: true,
  },
  {
    id: 'passport-digits',
    entity: 'PASSPORT',
    first: ['d8', 'd9', 'd2', 'd4'],
    shape: unbroken('\\d{8,9}|\\d{2} (?:\\d{2} )?\\d{6,7}|\\d{4} \\d{6}'),
    score: SCORES.vague,
    context: [
      ...PASSPORT_ELSEWHERE,
      ...['number', 'no', 'nr', 'num', 'id'].map((what) => `passport ${what}`),
    ],
    needsContext: true,
  },
  {
    id: 'driver-licence-letters',
    entity: 'DRIVER_LICENSE',
    first: [
      ...[1, 2, 3].flatMap((letters) =>
        digitRuns(6, 9).map((digits) => `a${String(letters)}${digits}`),
      ),
      ...['d8a1', 'd2a2d5', 'a2d7a1', 'a1d1a1d6a1', 'a1d1a1d5a1'],
    ],
    shape: unbroken(
      '[A-Z]\\d[A-Z]\\d{5,6}[A-Z]|[A-Z]{2}\\d{7}[A-Z]|\\d{8}[A-Z]|\\d{2}[A-Z]{2}\\d{5}|[A-Z]{1,3}\\d{6,9}',
    ),
    score: SCORES.vague,
    context: LICENCE,
    needsContext: true,
  },
  {
    id: 'driver-licence-digits',
    entity: 'DRIVER_LICENSE',
    first: [...digitRuns(8, 12), 'd2', 'd5'],
    shape: unbroken('\\d{8,12}|\\d{2} ?\\d{2} \\d{6}|\\d{5}\\/\\d{2}\\/\\d{4}'),
    score: SCORES.vague,
    context: LICENCE,
    needsContext: true,
  },
];
