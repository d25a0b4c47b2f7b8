import { isOneCharacter } from '../checksums/digits.ts';
import { isLuhn } from '../checksums/luhn.ts';
import type { IdRule } from '../recognizer.ts';
import { SCORES } from './scores.ts';
import { unbroken } from './shapes.ts';
import { signaturesOf } from './signatures.ts';

/** What a character counts in an odd place (the first is odd); in an even place it counts itself. */
const ODD_VALUES = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/** Codice fiscale (DM 23/12/1976): the last letter is the sum of the others modulo 26. */
function isFiscalCode(compact: string): boolean {
  let sum = 0;
  for (let place = 0; place < 15; place++) {
    const character = compact.charAt(place);
    const value = /\d/.test(character) ? Number(character) : character.charCodeAt(0) - 65;
    sum += place % 2 === 0 ? (ODD_VALUES[value] ?? 0) : value;
  }
  return String.fromCharCode(65 + (sum % 26)) === compact.at(-1);
}

/** Partita IVA: Luhn; the office that gave it is a province, or one of a few others. */
function isVatCode(compact: string): boolean {
  const digits = compact.slice(-11);
  const office = Number(digits.slice(7, 10));
  const isOffice = (office >= 1 && office <= 100) || [120, 121, 888, 999].includes(office);
  return isOffice && isLuhn(digits) && !isOneCharacter(digits.slice(0, 7));
}

/** A digit, or the letter that stands for it where two people would have the same code. */
const DIGIT = '[\\dLMNP-V]';
const FISCAL_CODE = `[A-Z]{6}${DIGIT}{2}[A-EHLMPRST]${DIGIT}{2}[A-Z]${DIGIT}{3}[A-Z]`;
const FISCAL_CONTEXT = ['fiscale', 'cf', 'codice'];
const VAT_CONTEXT = ['piva', 'iva', 'partita', 'pi', 'p.iva', 'vat'];
const CARD_CONTEXT = [
  'carta',
  'identità',
  'elettronica',
  'cie',
  'documento',
  'riconoscimento',
  'espatrio',
];
const LICENCE_CONTEXT = ['patente', 'guida', 'licenza', 'license', 'licence', 'driving'];

export const ITALY_RULES: readonly IdRule[] = [
  {
    id: 'it-fiscal-code',
    entity: 'IT_FISCAL_CODE',
    first: signaturesOf('aaaaaaxxaxxaxxxa'),
    shape: unbroken(FISCAL_CODE),
    score: SCORES.certain,
    isValid: isFiscalCode,
    context: FISCAL_CONTEXT,
  },
  {
    id: 'it-fiscal-code-unchecked',
    entity: 'IT_FISCAL_CODE',
    first: signaturesOf('aaaaaaddaddaddda'),
    shape: unbroken(FISCAL_CODE),
    score: SCORES.likely,
    context: FISCAL_CONTEXT,
  },
  {
    id: 'it-vat',
    entity: 'IT_VAT_CODE',
    first: ['d11'],
    shape: unbroken('\\d{11}'),
    score: SCORES.checked,
    isValid: isVatCode,
    context: VAT_CONTEXT,
  },
  {
    id: 'it-vat-prefixed',
    entity: 'IT_VAT_CODE',
    first: ['a2d11', 'a2'],
    shape: unbroken('IT ?\\d{11}'),
    score: SCORES.certain,
    isValid: isVatCode,
    context: VAT_CONTEXT,
  },
  {
    id: 'it-licence',
    entity: 'IT_DRIVER_LICENSE',
    first: signaturesOf('aaddddddda', 'adxxxxxxxa'),
    shape: unbroken('[A-Z]{2}\\d{7}[A-Z]|U1(?=[A-Z]{0,7}\\d)[B-DF-HJ-NPR-Z\\d]{7}[A-Z]'),
    score: SCORES.loose,
    context: LICENCE_CONTEXT,
  },
  {
    id: 'it-identity-card',
    entity: 'IT_IDENTITY_CARD',
    first: ['a2d7', 'd7a2', 'a2d5a2'],
    shape: unbroken('[A-Z]{2}\\d{7}|\\d{7}[A-Z]{2}|C[A-Z]\\d{5}[A-Z]{2}'),
    score: SCORES.vague,
    context: CARD_CONTEXT,
  },
  {
    id: 'it-passport',
    entity: 'IT_PASSPORT',
    first: ['a2d7'],
    shape: unbroken('[A-Z]{2}\\d{7}'),
    score: SCORES.loose,
    context: ['passaporto', 'passaporti', 'passport', 'passports'],
    needsContext: true,
  },
];
