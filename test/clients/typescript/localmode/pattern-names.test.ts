import { PATTERN_ENTITIES } from '@locara/protocol';
import { expect, test } from 'vitest';
import { patternOf } from '../../../../clients/typescript/localmode/pattern-names.ts';
import { labelOf } from '../../../../daemon/privacy/redaction/replacement/entity-labels.ts';

test('a replacement by a function is told the names that the daemon writes into a template', () => {
  const ofCountries = [
    'US_PASSPORT',
    'UK_DRIVING_LICENCE',
    'DE_FUEHRERSCHEIN',
    'ES_NIF',
    'US_ITIN',
  ];
  const entities = [...Object.values(PATTERN_ENTITIES), ...ofCountries, 'employeeId'];
  expect(entities.map((entity) => patternOf(entity).toUpperCase())).toEqual(entities.map(labelOf));
});
