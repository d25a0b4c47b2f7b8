import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createJsonScan, scanJson } from '../../../daemon/transport/json-scan.ts';
import { bestCpuMs } from '../../support/cpu-time.ts';

const UNLIMITED = { maxDepth: Infinity, maxValues: Infinity };

function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + countValues(inner), 1);
}

function measureDepth(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(measureDepth));
}

describe('the scan of a JSON text', () => {
  test('agrees with a count over the parsed value, at both limits and however it is spaced', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6 }),
        fc.constantFrom('', ' ', '\t\r\n'),
        (value, space) => {
          const text = Buffer.from(JSON.stringify(value, undefined, space));
          const [values, depth] = [countValues(value), measureDepth(value)];
          expect(scanJson(text, { maxDepth: depth, maxValues: values })).toBe('ok');
          expect(scanJson(text, { maxDepth: Infinity, maxValues: values - 1 })).toBe('too-many');
          if (depth > 0)
            expect(scanJson(text, { ...UNLIMITED, maxDepth: depth - 1 })).toBe('too-deep');
        },
      ),
      { numRuns: 500 },
    );
  });

  test('is not fooled by what strings contain', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('"', '\\', '[', ':', ',', 'é') })),
        (strings) => {
          const text = Buffer.from(JSON.stringify(strings));
          const limits = { maxDepth: 1, maxValues: strings.length + 1 };
          expect(scanJson(text, limits)).toBe('ok');
          expect(scanJson(text, { ...limits, maxValues: strings.length })).toBe('too-many');
        },
      ),
    );
  });

  test('finds the same in a text that comes in pieces, wherever it is cut', () => {
    const pieces = fc.constantFrom('"', '\\', '[', ']', '{', ':', ',', ' ', 'é', '1', 'true', '""');
    fc.assert(
      fc.property(
        fc.oneof(fc.json(), fc.string({ unit: pieces })),
        fc.array(fc.nat({ max: 8 })),
        fc.record({ maxDepth: fc.nat({ max: 4 }), maxValues: fc.nat({ max: 12 }) }),
        (text, sizes, limits) => {
          const bytes = Buffer.from(text);
          const scan = createJsonScan(limits);
          let start = 0;
          for (const size of sizes) {
            scan.write(bytes.subarray(start, start + size));
            start += size;
          }
          scan.write(bytes.subarray(start));
          expect(scan.verdict).toBe(scanJson(bytes, limits));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(scanJson(bytes, UNLIMITED)).toBe('ok');
      }),
    );
  });

  test('never lets through more values than the parser would build', () => {
    const piece = fc.constantFrom('1', ',', ':', '"a"', '[', ']', '{', '}', ' ', 'null', '-2e3');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          return;
        }
        expect(scanJson(Buffer.from(text), { ...UNLIMITED, maxValues: countValues(parsed) })).toBe(
          'ok',
        );
        expect(
          scanJson(Buffer.from(text), { ...UNLIMITED, maxValues: countValues(parsed) - 1 }),
        ).toBe('too-many');
      }),
      { numRuns: 5000 },
    );
  });

  test('counts what stray colons would hide', () => {
    const text = Buffer.from(`[${':'.repeat(100)}${'1,'.repeat(100)}1]`);
    expect(scanJson(text, { maxDepth: 1, maxValues: 101 })).toBe('too-many');
  });

  test('refuses a depth of 100,000 and a million keys within milliseconds', () => {
    const limits = { maxDepth: 64, maxValues: 65_536 };
    const deep = Buffer.from('['.repeat(100_000) + ']'.repeat(100_000));
    const wide = Buffer.from(`{${'"k":1,'.repeat(1_000_000)}"k":1}`);
    expect(scanJson(deep, limits)).toBe('too-deep');
    expect(scanJson(wide, limits)).toBe('too-many');
    expect(bestCpuMs(50, () => scanJson(deep, limits))).toBeLessThan(50);
    expect(bestCpuMs(100, () => scanJson(wide, limits))).toBeLessThan(100);
  });

  test('takes time in proportion to the text, also for millions of escapes', () => {
    const escapes = Buffer.from(`["${'\\\\'.repeat(1_000_000)}${'\\"'.repeat(1_000_000)}"]`);
    expect(scanJson(escapes, { maxDepth: 1, maxValues: 2 })).toBe('ok');
    expect(bestCpuMs(100, () => scanJson(escapes, UNLIMITED))).toBeLessThan(100);
  });
});
