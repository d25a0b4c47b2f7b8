import { expect, test } from 'vitest';
import { isDay, isShortDate } from '../../../../daemon/privacy/redaction/checksums/calendar.ts';
import { isIcao } from '../../../../daemon/privacy/redaction/checksums/icao.ts';
import {
  isMod11And10,
  isMod97And10,
} from '../../../../daemon/privacy/redaction/checksums/iso7064.ts';
import { isLuhn } from '../../../../daemon/privacy/redaction/checksums/luhn.ts';
import { isMod36 } from '../../../../daemon/privacy/redaction/checksums/mod36.ts';
import { isVerhoeff } from '../../../../daemon/privacy/redaction/checksums/verhoeff.ts';

/** Examples that the specifications and registers publish. */
const PUBLISHED = [
  { name: 'Luhn', check: isLuhn, valid: ['79927398713', '4111111111111111', '808401234567893'] },
  { name: 'Verhoeff', check: isVerhoeff, valid: ['2363', '84736430954837284567892'] },
  { name: 'ISO 7064 MOD 11,10', check: isMod11And10, valid: ['07945', '136695976', '86095742719'] },
  {
    name: 'ISO 7064 MOD 97-10',
    check: isMod97And10,
    valid: ['3214282912345698765432161182', '79444'],
  },
  { name: 'ICAO 9303', check: isIcao, valid: ['L898902C36', '7408122', '1204159'] },
  { name: 'base 36', check: isMod36, valid: ['27AAPFU0939F1ZV'] },
] as const;

test.each(PUBLISHED)(
  '$name accepts what its specification gives as an example',
  ({ check, valid }) => {
    for (const example of valid) expect(check(example)).toBe(true);
  },
);

test.each(PUBLISHED)(
  '$name refuses its examples with another check character',
  ({ check, valid }) => {
    for (const example of valid) {
      const last = Number.parseInt(example.slice(-1), 36);
      const radix = example === '27AAPFU0939F1ZV' ? 36 : 10;
      for (let more = 1; more < radix; more++) {
        expect(
          check(example.slice(0, -1) + ((last + more) % radix).toString(radix).toUpperCase()),
        ).toBe(false);
      }
    }
  },
);

test('Luhn, Verhoeff and MOD 11,10 see every digit that was changed', () => {
  for (const [check, valid] of [
    [isLuhn, '79927398713'],
    [isVerhoeff, '84736430954837284567892'],
    [isMod11And10, '86095742719'],
  ] as const) {
    for (let place = 0; place < valid.length; place++) {
      for (let more = 1; more < 10; more++) {
        const digit = (Number(valid[place]) + more) % 10;
        expect(check(valid.slice(0, place) + String(digit) + valid.slice(place + 1))).toBe(false);
      }
    }
  }
});

test('Verhoeff sees every swap of two neighbours', () => {
  const valid = '84736430954837284567892';
  for (let place = 0; place + 1 < valid.length; place++) {
    const [left = '', right = ''] = [valid[place], valid[place + 1]];
    if (left === right) continue;
    expect(isVerhoeff(valid.slice(0, place) + right + left + valid.slice(place + 2))).toBe(false);
  }
});

test('a day is one that the calendar has', () => {
  expect([isDay(2024, 2, 29), isDay(2000, 2, 29), isDay(1999, 12, 31)]).toEqual([true, true, true]);
  expect([isDay(2023, 2, 29), isDay(1900, 2, 29), isDay(2023, 13, 1), isDay(2023, 4, 31)]).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect([isShortDate('000229'), isShortDate('991232'), isShortDate('990001')]).toEqual([
    true,
    false,
    false,
  ]);
});
