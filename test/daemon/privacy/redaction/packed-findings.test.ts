import { expect, test } from 'vitest';
import {
  packFindings,
  unpackFindings,
} from '../../../../daemon/privacy/redaction/packed-findings.ts';
import type { Finding } from '../../../../daemon/privacy/redaction/redaction-ops.ts';

const email = (start: number): Finding => ({
  entity: 'EMAIL_ADDRESS',
  start,
  end: start + 9,
  score: 0.95,
  reason: 'email-public-suffix',
});
const own: Finding = { entity: 'own', start: 4, end: 5, score: 1, reason: 'custom' };

test('findings are the same after they were packed, text by text', () => {
  const findings = [[email(0), own, email(70_000)], [], [email(3)]];
  expect(unpackFindings(structuredClone(packFindings(findings)))).toEqual(findings);
});

test('thirty thousand findings come as few objects, which hold up nobody who reads them', () => {
  const { kinds } = packFindings([Array.from({ length: 30_000 }, (_, at) => email(at * 10))]);
  expect(kinds).toHaveLength(1);
});

test.each([
  ['more findings than places', { counts: [2] }],
  ['a kind that there is not', { kinds: [] }],
])('%s are no findings', (_name, broken) => {
  expect(unpackFindings({ ...packFindings([[own]]), ...broken })).toBeUndefined();
});
