import { normaliseText } from '../normalise-text.ts';

const SEPARATORS = /[^\p{L}\p{Nd}+]/gu;
const SPACES = /\s+/gu;

/** Written with or without separators, in small letters or capitals: the same number. */
const NUMBERS: ReadonlySet<string> = new Set([
  'PHONE',
  'SSN',
  'CREDITCARD',
  'IBAN',
  'MAC',
  'DATEOFBIRTH',
  'PASSPORT',
  'DRIVERLICENSE',
  'BANKROUTING',
  'NATIONALID',
]);
const CASELESS: ReadonlySet<string> = new Set(['EMAIL', 'IP', 'ADDRESS']);

/** Two values of one label are the same where this is the same. Secrets and what callers name differ by case. */
export function normaliseValue(label: string, value: string): string {
  const plain = normaliseText(value).text.normalize('NFKC');
  if (NUMBERS.has(label)) return plain.replace(SEPARATORS, '').toUpperCase();
  if (CASELESS.has(label)) return plain.replace(SPACES, ' ').trim().toLowerCase();
  return plain;
}
