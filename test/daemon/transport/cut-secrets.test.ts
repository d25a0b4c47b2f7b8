import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseMessage } from '../../../daemon/transport/framing.ts';
import { createLineDecoder } from '../../../daemon/transport/line-decoder.ts';

const CANARY = 'c4n4rY-Zo-GuQ9x-Wk';

/** The params of a line, its passphrases as texts again. */
function readParams(line: Buffer): unknown {
  const parsed = parseMessage(line);
  if (!('message' in parsed)) return parsed;
  const { params } = parsed.message as { params: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(params).map(([key, value]) => [
      key,
      value instanceof Uint8Array ? { secret: Buffer.from(value).toString() } : value,
    ]),
  );
}

function lineOf(text: string): Buffer {
  return Buffer.from(text);
}

/** A JSON string of a text, each of its units as it is or escaped in one of the ways there are. */
function write(text: string, ways: readonly number[]): string {
  const units = Array.from(text, (character, at) => {
    const way = ways[at % Math.max(1, ways.length)] ?? 0;
    const plain = JSON.stringify(character).slice(1, -1);
    if (way === 0) return plain;
    return character
      .split('')
      .map((unit) => {
        const hex = unit.charCodeAt(0).toString(16).padStart(4, '0');
        return `\\u${way === 1 ? hex : hex.toUpperCase()}`;
      })
      .join('');
  });
  return `"${units.join('')}"`;
}

const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => value.isWellFormed());
const ways = fc.array(fc.nat({ max: 2 }), { maxLength: 8 });
const space = fc.constantFrom('', ' ', '\t', ' \r ');
const others = fc.dictionary(
  fc.string().filter((key) => !/passphrase$/i.test(key)),
  fc.jsonValue(),
);

describe('a passphrase in a message', () => {
  test('comes as the bytes of the text that JSON.parse would have made, however it is written', () => {
    fc.assert(
      fc.property(text, ways, space, others, (passphrase, how, gap, rest) => {
        const body = JSON.stringify({ '': null, ...rest }).slice(1);
        const written = write(passphrase, how);
        const line = `{"jsonrpc":"2.0",${gap}"params"${gap}:${gap}{"passphrase"${gap}:${gap}${written}${gap},${body}}`;
        const expected = JSON.parse(line) as { params: Record<string, unknown> };
        expect(readParams(lineOf(line))).toEqual({
          ...expected.params,
          passphrase: { secret: passphrase },
        });
      }),
      { numRuns: 500 },
    );
  });

  test('is in nothing that is left of the pieces it came in, cut anywhere', () => {
    const line = `{"params":{"a":[1,{"b":"\\""}],"passphrase":"${CANARY}","newPassphrase":"${CANARY}"}}\n`;
    fc.assert(
      fc.property(fc.array(fc.nat({ max: line.length })), (cuts) => {
        const bytes = lineOf(line);
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const pieces = places.slice(1).map((end, at) => bytes.subarray(places[at], end));
        const lines: Buffer[] = [];
        const messages: unknown[] = [];
        const decoder = createLineDecoder({
          maxBytes: () => 1000,
          onLine: (whole) => {
            lines.push(whole);
            messages.push(readParams(whole));
          },
          onViolation: () => undefined,
        });
        for (const piece of pieces) decoder.write(piece);
        expect(messages).toEqual([
          { a: [1, { b: '"' }], passphrase: { secret: CANARY }, newPassphrase: { secret: CANARY } },
        ]);
        for (const left of [bytes, ...lines, ...pieces]) {
          for (let at = 0; at + 4 <= CANARY.length; at += 4) {
            expect(left.includes(CANARY.slice(at, at + 4))).toBe(false);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['deeper than params', `{"params":{"inner":{"passphrase":"x"}}}`],
    ['beside params', `{"passphrase":"x","params":{}}`],
    ['inside a text', `{"params":{"text":"\\"passphrase\\":\\"x\\""}}`],
    ['under a key spelt with escapes', `{"params":{"pass\\u0070hrase":"x"}}`],
    ['as something else than a text', `{"params":{"passphrase":{"passphrase":"x"}}}`],
    ['in a batch', `{"params":{"list":[{"params":{"passphrase":"x"}}]}}`],
  ])('is left as it is where it is no parameter: %s', (_, line) => {
    const { params } = JSON.parse(line) as { params: unknown };
    expect(readParams(lineOf(line))).toEqual(params);
  });

  test.each([
    ['the key twice', `{"params":{"passphrase":"${CANARY}","passphrase":"b"}}`],
    ['the key twice, once escaped', `{"params":{"passphrase":"${CANARY}","pass\\u0070hrase":"b"}}`],
    ['params twice', `{"params":{"passphrase":"${CANARY}"},"params":{"passphrase":"b"}}`],
    ['params twice, then none', `{"params":{"passphrase":"${CANARY}"},"p\\u0061rams":{}}`],
    ['half of a surrogate pair cut short', `{"params":{"passphrase":"${CANARY}","x":"\\ud8"}}`],
    ['an escape that JSON has not', `{"params":{"passphrase":"${CANARY}\\x41"}}`],
    ['a control character', `{"params":{"passphrase":"${CANARY}\u0001"}}`],
    ['no end', `{"params":{"passphrase":"${CANARY}`],
    ['an end too early', `{"params":{"passphrase":"${CANARY}"`],
  ])('is in no message, and erased, where there is %s', (_, text) => {
    const line = lineOf(text);
    expect(parseMessage(line)).toEqual({ error: 'ParseError' });
    expect(line.includes(CANARY)).toBe(false);
  });

  test('of half a surrogate pair stays a text, which its schema refuses', () => {
    expect(readParams(lineOf(`{"params":{"passphrase":"\\ud800"}}`))).toEqual({
      passphrase: '\ud800',
    });
  });

  test('never makes a message of what is none', () => {
    const broken = fc.array(
      fc.constantFrom(
        ...['{', '}', '[', ']', ':', ',', '"', '\\', ' ', 'x', '"params"', '"passphrase"', '""'],
        ...['{"params":{"passphrase":', '"a"', 'passphrase"', '"newPassphrase":"b"', '}}'],
      ),
      { maxLength: 14 },
    );
    fc.assert(
      fc.property(broken, (parts) => {
        const line = parts.join('');
        let expected: unknown;
        try {
          expected = JSON.parse(line);
        } catch {
          expect(parseMessage(lineOf(line))).toEqual({ error: 'ParseError' });
          return;
        }
        expect(parseMessage(lineOf(line))).toSatisfy(
          (parsed: object) => 'error' in parsed || asTexts(parsed) === JSON.stringify(expected),
        );
      }),
      { numRuns: 5000 },
    );
  });
});

function asTexts(parsed: object): string {
  const { message } = parsed as { message: unknown };
  return JSON.stringify(message, (_, value: unknown) => {
    const bytes = value as { type?: string; data?: number[] } | null;
    return bytes?.type === 'Buffer' ? Buffer.from(bytes.data ?? []).toString() : value;
  });
}
