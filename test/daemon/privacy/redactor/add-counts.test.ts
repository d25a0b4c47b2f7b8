import { expect, test } from 'vitest';
import { addCounts } from '../../../../daemon/privacy/redactor/add-counts.ts';

test('counts what is called as every object has something', () => {
  const once = addCounts({}, { constructor: 1, toString: 2 });
  expect(addCounts(once, { constructor: 3 })).toEqual({ constructor: 4, toString: 2 });
});
