import { describe, expect, test } from 'vitest';
import { parseMessage } from '../../../daemon/transport/framing.ts';

describe('a message', () => {
  test.each([
    ['nothing', ''],
    ['half a value', '{"a":'],
    ['two values', '{} {}'],
    ['a byte order mark', '\ufeff{}'],
    ['a comment', '{}//'],
    ['deep nesting', '['.repeat(65) + ']'.repeat(65)],
  ])('of %s is a ParseError', (_, text) => {
    expect(parseMessage(Buffer.from(text))).toEqual({ error: 'ParseError' });
  });

  test.each([
    ['a lone continuation byte', '80'],
    ['an overlong slash', 'c0af'],
    ['a surrogate', 'eda080'],
    ['half a character', 'e282'],
  ])('with %s in a string is a ParseError', (_, hex) => {
    const line = Buffer.concat([Buffer.from('"'), Buffer.from(hex, 'hex'), Buffer.from('"')]);
    expect(parseMessage(line)).toEqual({ error: 'ParseError' });
  });

  test('with too many values is a PayloadTooLarge, with as many as allowed it is read', () => {
    const listOf = (length: number): Buffer => Buffer.from(JSON.stringify(Array(length).fill(0)));
    expect(parseMessage(listOf(65_536))).toEqual({ error: 'PayloadTooLarge' });
    expect(parseMessage(listOf(65_535))).toHaveProperty('message.length', 65_535);
  });

  test('of the greatest depth is read', () => {
    expect(parseMessage(Buffer.from('['.repeat(64) + ']'.repeat(64)))).toHaveProperty('message');
  });

  test('with __proto__ changes no prototype', () => {
    const parsed = parseMessage(Buffer.from('{"__proto__":{"isAdmin":true}}'));
    expect(parsed).toHaveProperty('message');
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});
