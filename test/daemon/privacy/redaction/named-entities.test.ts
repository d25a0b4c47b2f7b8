import { expect, test } from 'vitest';
import { detect } from '../../../../daemon/privacy/redaction/detect.ts';

const entitiesIn = (text: string, patterns?: readonly string[]): string[] =>
  detect(text, { threshold: 'balanced', ...(patterns === undefined ? {} : { patterns }) }).map(
    ({ entity }) => entity,
  );

test.each([
  ['IN_AADHAAR', '312345678909'],
  ['PL_PESEL', '44051401359'],
  ['PH_MOBILE_NUMBER', '0917 123 4567'],
])('%s asked for by its name needs no word beside it', (entity, text) => {
  expect(entitiesIn(`ref ${text} ok`)).not.toContain(entity);
  expect(entitiesIn(`ref ${text} ok`, [entity])).toEqual([entity]);
});

test('a group of entities names none of them', () => {
  expect(entitiesIn('ref 44051401359 ok', ['nationalId'])).toEqual([]);
});

test('nine digits are no social security number, whoever asks', () => {
  expect(entitiesIn('order 457555462 has shipped', ['US_SSN'])).toEqual([]);
});
