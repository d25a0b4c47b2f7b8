import { describe, expect, test } from 'vitest';
import { createRecordSet } from '../../../../../daemon/stores/collections/vectors/record-set.ts';

describe('a set of allowed records', () => {
  test('takes no memory when a filter lets nothing through', () => {
    const before = process.memoryUsage().arrayBuffers;
    const has = createRecordSet(new Float64Array());
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
    expect([-1, 0, 1].map(has)).toEqual([false, false, false]);
  });

  test.each([[[0]], [[1, 31, 32, 33]], [[5, 2 ** 40]]])(
    'has what it was made of: %j',
    (records) => {
      const has = createRecordSet(Float64Array.from(records));
      const asked = [-1, 0, 1, 2, 5, 31, 32, 33, 34, 64, 2 ** 40, 2 ** 40 + 1];
      expect(asked.filter(has)).toEqual(records);
    },
  );
});
