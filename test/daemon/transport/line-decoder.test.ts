import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseMessage } from '../../../daemon/transport/framing.ts';
import {
  createLineDecoder,
  type FramingViolation,
} from '../../../daemon/transport/line-decoder.ts';
import { cpuMsOf } from '../../support/cpu-time.ts';

interface Decoded {
  readonly lines: Buffer[];
  readonly violations: FramingViolation[];
  write(chunk: Buffer): void;
  hold(): void;
  release(): void;
  stop(): void;
}

function decode(maxBytes: number | (() => number), onLine?: () => void): Decoded {
  const lines: Buffer[] = [];
  const violations: FramingViolation[] = [];
  const decoder = createLineDecoder({
    maxBytes: typeof maxBytes === 'number' ? () => maxBytes : maxBytes,
    onLine: (line) => {
      lines.push(line);
      onLine?.();
    },
    onViolation: (kind) => violations.push(kind),
  });
  return {
    lines,
    violations,
    write: (chunk) => {
      decoder.write(chunk);
    },
    hold: () => {
      decoder.hold();
    },
    release: () => {
      decoder.release();
    },
    stop: () => {
      decoder.stop();
    },
  };
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  );
  return places.map((place, index) => bytes.subarray(places[index - 1] ?? 0, place));
}

describe('the line decoder', () => {
  test('gives back any messages, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 6 }),
        fc.array(fc.nat()),
        fc.constantFrom('\n', '\r\n'),
        (values, cuts, ending) => {
          const texts = values.map((value) => JSON.stringify(value));
          const bytes = Buffer.from(texts.map((text) => text + ending).join(''));
          const decoded = decode(1024 * 1024);
          for (const chunk of split(bytes, cuts)) decoded.write(chunk);
          expect(decoded.violations).toEqual([]);
          expect(decoded.lines.map((line) => line.toString())).toEqual(texts);
          expect(decoded.lines.map((line) => parseMessage(line))).toEqual(
            texts.map((text) => ({ message: JSON.parse(text) as unknown })),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  test('lets a line of the cap through and refuses one byte more, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.constantFrom('\n', '\r\n'), (cuts, ending) => {
        const most = decode(100);
        for (const chunk of split(Buffer.from('x'.repeat(100) + ending), cuts)) most.write(chunk);
        expect([most.lines.length, most.violations]).toEqual([1, []]);
        const over = decode(100);
        for (const chunk of split(Buffer.from('x'.repeat(101) + ending), cuts)) over.write(chunk);
        expect([over.lines, over.violations]).toEqual([[], ['too-long']]);
      }),
    );
  });

  test('says that a line is too long before it ends, once, and then ignores the stream', () => {
    const decoded = decode(10);
    decoded.write(Buffer.from('0123456789'));
    expect(decoded.violations).toEqual([]);
    decoded.write(Buffer.from('0'));
    expect(decoded.violations).toEqual(['too-long']);
    decoded.write(Buffer.from('0\n{}\n'));
    expect([decoded.lines, decoded.violations]).toEqual([[], ['too-long']]);
  });

  test('asks for the cap again for each line', () => {
    let cap = 5;
    const decoded = decode(
      () => cap,
      () => {
        cap = 20;
      },
    );
    decoded.write(Buffer.from('hello\na longer second line\n'));
    expect(decoded.lines.map(String)).toEqual(['hello', 'a longer second line'.slice(0, 20)]);
  });

  test('gives no further line once stopped, not even of the same chunk', () => {
    const decoded: Decoded = decode(100, () => {
      decoded.stop();
    });
    decoded.write(Buffer.from('1\n2\n3\n'));
    expect(decoded.lines.map(String)).toEqual(['1']);
  });

  test('hands on nothing while it is held, and everything in order after', () => {
    const decoded: Decoded = decode(100, () => {
      decoded.hold();
    });
    const seen: string[][] = [];
    decoded.write(Buffer.from('1\n2\n3'));
    decoded.write(Buffer.from('3\n4\n'));
    for (let round = 0; round < 5; round += 1) {
      seen.push(decoded.lines.map(String));
      decoded.release();
    }
    expect(seen).toEqual([
      ['1'],
      ['1', '2'],
      ['1', '2', '33'],
      ['1', '2', '33', '4'],
      ['1', '2', '33', '4'],
    ]);
  });

  test('leaves nothing of what it held when it is stopped', () => {
    const decoded: Decoded = decode(100, () => {
      decoded.hold();
    });
    const chunks = [Buffer.from('1\nsecret'), Buffer.from('more\n')];
    for (const chunk of chunks) decoded.write(chunk);
    decoded.stop();
    decoded.release();
    expect(decoded.lines.map(String)).toEqual(['1']);
    expect(chunks.map((chunk) => chunk.toString().replaceAll('\0', ''))).toEqual(['1\n', '']);
  });

  test('keeps a line unchanged while later ones arrive', () => {
    const decoded = decode(100);
    for (const byte of Buffer.from('first\nsecond\n')) decoded.write(Buffer.of(byte));
    expect(decoded.lines.map(String)).toEqual(['first', 'second']);
  });

  test('takes four mebibytes byte by byte without copying them over and over', () => {
    const bytes = 4 * 1024 * 1024;
    const decoded = decode(bytes);
    const one = Buffer.of(0x78);
    const cpuMs = cpuMsOf(() => {
      for (let index = 0; index < bytes; index++) decoded.write(one);
      decoded.write(Buffer.from('\n'));
    });
    expect(decoded.lines[0]?.length).toBe(bytes);
    expect(cpuMs).toBeLessThan(5000);
  });

  test('recognises HTTP at the start of a stream alone, also byte by byte', () => {
    const request = Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const decoded = decode(100);
    for (const byte of request) decoded.write(Buffer.of(byte));
    expect([decoded.lines, decoded.violations]).toEqual([[], ['http']]);
    const later = decode(100);
    later.write(Buffer.from(`{"jsonrpc":"2.0"}\n${request.toString()}`));
    expect(later.violations).toEqual([]);
  });
});
