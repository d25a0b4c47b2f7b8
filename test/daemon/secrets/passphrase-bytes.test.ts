import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isStarter,
  toNormalizedBytes,
  toPassphraseBytes,
} from '../../../daemon/secrets/passphrase-bytes.ts';

const text = fc
  .string({ unit: 'binary', maxLength: 30 })
  .filter((value) => value.isWellFormed())
  .chain((value) => fc.constantFrom(value, value.normalize('NFD'), value.normalize('NFC')));
const combining = fc
  .array(
    fc.constantFrom(
      ...['a', 'e\u0301', '\u0301', '\u0327', '\u212b', '\u1100', '\u1161', '\u11a8', '\uac00'],
      ...['\u0915', '\u093c', '\u0958', 'が', 'か', '\u3099', '密', '👋', 'Й', '\u0306', '\u0344'],
    ),
  )
  .map((parts) => parts.join(''));

test('the bytes of a passphrase are those of its text in NFC, given as text or as bytes', () => {
  fc.assert(
    fc.property(fc.oneof(text, combining), (passphrase) => {
      const expected = Buffer.from(passphrase.normalize('NFC'));
      expect(toNormalizedBytes(passphrase)).toEqual(expected);
      expect(toNormalizedBytes(Buffer.from(passphrase))).toEqual(expected);
      expect(toPassphraseBytes(passphrase)).toEqual(Buffer.from(passphrase));
    }),
    { numRuns: 2000 },
  );
});

test('what a passphrase is cut before is in NFC, and in no composition but as its first part', () => {
  const laterParts = new Set<number>();
  for (let codePoint = 0; codePoint <= 0x10ffff; codePoint += 1) {
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue;
    const [, ...later] = String.fromCodePoint(codePoint).normalize('NFD');
    for (const part of later) laterParts.add(part.codePointAt(0) ?? 0);
  }
  const wrong: number[] = [];
  for (let codePoint = 0; codePoint <= 0x10ffff; codePoint += 1) {
    if (!isStarter(codePoint)) continue;
    const character = String.fromCodePoint(codePoint);
    const first = character.normalize('NFD').codePointAt(0) ?? 0;
    const isFirst = !laterParts.has(first) && !/\p{M}/u.test(String.fromCodePoint(first));
    if (character.normalize('NFC') !== character || !isFirst) wrong.push(codePoint);
  }
  expect(wrong).toEqual([]);
});
