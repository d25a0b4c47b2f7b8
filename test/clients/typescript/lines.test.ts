import { expect, test } from 'vitest';
import { LineReader } from '../../../clients/typescript/lines.ts';

function readAll(maxBytes: number, pieces: readonly Uint8Array[]): string[] {
  const lines: string[] = [];
  const reader = new LineReader(maxBytes, (line) => lines.push(line));
  for (const piece of pieces) reader.push(piece);
  return lines;
}

test('lines come whole however the bytes are cut', () => {
  const bytes = Buffer.from('{"é":1}\n\n{"b":2}\nrest');
  const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
  expect(readAll(64, single)).toEqual(['{"é":1}', '{"b":2}']);
  expect(readAll(64, [bytes])).toEqual(['{"é":1}', '{"b":2}']);
});

test('a line of exactly the limit passes, one byte more is refused', () => {
  expect(readAll(4, [Buffer.from('abcd\n')])).toEqual(['abcd']);
  expect(() => readAll(4, [Buffer.from('abcde')])).toThrow('more than 4 bytes');
});

test('bytes that are not UTF-8 are refused', () => {
  expect(() => readAll(64, [Uint8Array.of(0xff, 0x0a)])).toThrow('not UTF-8');
});
