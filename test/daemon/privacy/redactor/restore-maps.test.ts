import { expect, test } from 'vitest';
import { createRestoreMaps } from '../../../../daemon/privacy/redactor/restore-maps.ts';

const session = { id: 's', appId: 'acme/notes' };

test('of too many maps of an app, the one that was used longest ago goes', () => {
  const maps = createRestoreMaps({ maxMaps: 2, maxBytes: 1e6 });
  const [first, second] = [maps.open(session), maps.open(session)];
  const other = maps.open({ id: 'o', appId: 'acme/other' });
  maps.find('s', first.id);
  maps.open(session);
  expect(maps.find('s', first.id)).toBe(first);
  expect(() => maps.find('s', second.id)).toThrow(/kept/);
  expect(maps.find('o', other.id)).toBe(other);
});

test('maps that hold too much make older ones go, and one alone that does is refused', () => {
  const maps = createRestoreMaps({ maxMaps: 9, maxBytes: 5000 });
  const [first, second] = [maps.open(session), maps.open(session)];
  first.add([['[X_1]', 'a'.repeat(500)]]);
  second.add([['[X_1]', 'b'.repeat(1500)]]);
  expect(() => maps.find('s', first.id)).toThrow(/kept/);
  expect(() => {
    second.add([['[X_2]', 'c'.repeat(2000)]]);
  }).toThrow(expect.objectContaining({ reason: 'PayloadTooLarge' }));
  expect(second.originalOf('[X_2]')).toBeUndefined();
});

test('a map is forgotten by its own session alone', () => {
  const maps = createRestoreMaps();
  const { id } = maps.open(session);
  expect(maps.forget('another', id)).toBe(false);
  expect(maps.forget('s', id)).toBe(true);
  expect(maps.forget('s', id)).toBe(false);
});
