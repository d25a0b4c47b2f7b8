import { fromWire, toWire } from '@locara/client';
import { expect, test } from 'vitest';

test.each([2n ** 63n - 1n, -(2n ** 63n), new Uint8Array([0, 255]), new Float32Array([1.5, -2])])(
  'a value that JSON has no words for comes back from the wire: %s',
  (value) => {
    const wire = typeof value === 'bigint' ? toWire(value) : toWireBytes(value);
    expect(fromWire(wire)).toEqual(value);
  },
);

const toWireBytes = (value: Uint8Array | Float32Array) =>
  value instanceof Float32Array ? toWire(value) : toWire(value);

test('a piece of a larger buffer is taken alone', () => {
  const floats = new Float32Array([1, 2, 3]).subarray(1, 2);
  expect(fromWire(toWire(floats))).toEqual(new Float32Array([2]));
  expect(toWire(Buffer.from('abc').subarray(1))).toEqual({ base64: 'YmM=' });
});

test.each([null, true, 1.5, 'text'])('what JSON can carry stays as it is: %s', (value) => {
  expect(fromWire(value)).toBe(value);
});
