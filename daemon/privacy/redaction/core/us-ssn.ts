import type { IdRule } from '../recognizer.ts';

const CONTEXT = [
  'ssn',
  'ssns',
  'ssn#',
  'social',
  'security',
  'social security',
  'ss',
  'ssid',
  'soc sec',
];
/** Printed on wallets, in advertisements and in forms as examples. */
const SAMPLES = new Set(['078051120', '219099999', '457555462', '111111111', '123456789']);
/** What everyone types for one. Said to be one, it is taken as one. */
const PLACEHOLDER = '123456789';

/** Areas 000, 666 and 900 to 999, group 00 and serial 0000 were never given out (SSA, before and after 2011). */
function isSsn(digits: string): boolean {
  return isInRange(digits) && !SAMPLES.has(digits);
}

function isInRange(digits: string): boolean {
  return /^(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}$/.test(digits);
}

export const US_SSN_RULES: readonly IdRule[] = [
  {
    id: 'us-ssn-grouped',
    entity: 'US_SSN',
    first: ['d3'],
    // A letter behind it, as in a serial number, or a quotient.
    shape: /\d{3}([- ])\d{2}\1\d{4}(?!-[A-Za-z\d]|\/\d)/y,
    score: 0.5,
    isValid: isSsn,
    context: CONTEXT,
  },
  {
    id: 'us-ssn-example',
    entity: 'US_SSN',
    first: ['d3', 'd9'],
    shape: /123([- ]?)45\1 ?6789/y,
    score: 0.05,
    isValid: (digits) => digits === PLACEHOLDER,
    context: CONTEXT,
    needsContext: true,
  },
  {
    id: 'us-ssn-plain',
    entity: 'US_SSN',
    first: ['d9'],
    shape: /\d{9}/y,
    score: 0.05,
    isValid: isSsn,
    context: ['ssn', 'ssns', 'social security', 'soc sec'],
  },
  {
    id: 'us-ssn-dotted',
    entity: 'US_SSN',
    first: ['d3'],
    shape: /\d{3}\.\d{2}\.\d{4}/y,
    score: 0.05,
    isValid: isSsn,
    context: ['ssn', 'ssns', 'social security'],
    needsContext: true,
  },
  {
    id: 'us-ssn-oddly-grouped',
    entity: 'US_SSN',
    first: ['d3', 'd5'],
    shape: /\d{3}-\d{6}|\d{5}-\d{4}/y,
    score: 0.05,
    isValid: isSsn,
    context: ['ssn', 'ssns', 'social security'],
    needsContext: true,
  },
];
