import { expect, test } from 'vitest';
import { findProtoKey } from '../../../daemon/rpc/proto-key.ts';

test.each([
  ['{"__proto__":1}', '__proto__'],
  ['{"filter":{"and":[{"__proto__":{"eq":1}}]}}', 'filter.and.0.__proto__'],
  ['[[0.5,-1],[2,{"__proto__":1}]]', '1.1.__proto__'],
  ['{"a":{"\\u005f_proto__":1}}', 'a.__proto__'],
])('%s is found at its path', (json, path) => {
  expect(findProtoKey(JSON.parse(json))).toBe(path);
});

test('the words in a text or as part of a key are no key', () => {
  const value = { content: '__proto__', __proto: 1, constructor: 2, list: ['__proto__', null] };
  expect(findProtoKey(value)).toBeUndefined();
});
