import { RpcError } from '@locara/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assertReadableImage,
  IMAGE_LIMITS,
  readImageHeader,
} from '../../../../daemon/workers/ocr/image-header.ts';
import { readImage } from '../../../support/image-fixtures.ts';
import { bestCpuMs } from '../../../support/cpu-time.ts';

const FIXTURES = [
  ['p150.png', 'png', 1050, 774],
  ['p75.png', 'png', 525, 387],
  ['p150.webp', 'webp', 1050, 774],
  ['excerpt.jpg', 'jpeg', 640, 180],
  ['excerpt.gif', 'gif', 640, 180],
  ['excerpt.bmp', 'bmp', 640, 180],
  ['bomb12k_rgb.png', 'png', 12_000, 12_000],
  ['bomb60k_1bit.png', 'png', 60_000, 60_000],
] as const;

function reasonOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof RpcError) return error.reason;
    throw error;
  }
  return 'none';
}

/** A GIF of `frames` frames, each claiming `side` × `side`, without pixels. */
function animation(frames: number, side: number): Buffer {
  const screen = Buffer.from('474946383961010001000000003b', 'hex').subarray(0, 13);
  const frame = Buffer.from('2c000000000000000000020000', 'hex').subarray(0, 12);
  frame.writeUInt16LE(side, 5);
  frame.writeUInt16LE(side, 7);
  return Buffer.concat([screen, ...Array<Buffer>(frames).fill(frame), Buffer.from([0x3b])]);
}

describe('the image header', () => {
  test.each(FIXTURES)('of %s says %s, %i × %i', (name, format, width, height) => {
    expect(readImageHeader(readImage(name))).toMatchObject({ format, width, height });
  });

  test.each(FIXTURES)('of %s cut anywhere is either read or refused', (name, format) => {
    const file = readImage(name).subarray(0, 64);
    for (let length = 0; length < file.length; length++) {
      const reason = reasonOf(() => {
        expect(readImageHeader(file.subarray(0, length)).format).toBe(format);
      });
      expect(['none', 'UnsupportedMedia']).toContain(reason);
    }
  });

  test('of any bytes is read or refused with a typed error', () => {
    const starts = FIXTURES.map(([name]) => readImage(name).subarray(0, 40));
    const bytes = fc
      .tuple(
        fc.constantFrom(Buffer.alloc(0), ...starts),
        fc.nat(40),
        fc.uint8Array({ maxLength: 200 }),
      )
      .map(([start, kept, rest]) => Buffer.concat([start.subarray(0, kept), rest]));
    fc.assert(
      fc.property(bytes, (file) => {
        const reason = reasonOf(() => assertReadableImage(file));
        expect(['none', 'UnsupportedMedia', 'PayloadTooLarge']).toContain(reason);
      }),
      { numRuns: 2000 },
    );
  });

  test('counts every frame of an animation', () => {
    expect(readImageHeader(animation(3, 100)).pixels).toBe(30_000);
    expect(reasonOf(() => assertReadableImage(animation(500, 1000)))).toBe('PayloadTooLarge');
  });

  test('refuses more pixels, a longer side or more bytes than the limits', () => {
    const png = Buffer.from(readImage('p75.png'));
    png.writeUInt32BE(8000, 16);
    png.writeUInt32BE(5000, 20);
    expect(assertReadableImage(png).pixels).toBe(IMAGE_LIMITS.maxPixels);
    png.writeUInt32BE(5001, 20);
    expect(reasonOf(() => assertReadableImage(png))).toBe('PayloadTooLarge');
    png.writeUInt32BE(IMAGE_LIMITS.maxSide + 1, 16);
    png.writeUInt32BE(1, 20);
    expect(reasonOf(() => assertReadableImage(png))).toBe('PayloadTooLarge');
    const heavy = Buffer.concat([readImage('p75.png'), Buffer.alloc(IMAGE_LIMITS.maxBytes)]);
    expect(reasonOf(() => assertReadableImage(heavy))).toBe('PayloadTooLarge');
  });

  test('of TIFF and PDF says that they come later, and what can be read', () => {
    for (const start of ['II*\0\b\0\0\0', 'MM\0*\0\0\0\b', '%PDF-1.7\n']) {
      expect(() => readImageHeader(Buffer.from(start))).toThrow(
        expect.objectContaining({
          reason: 'UnsupportedMedia',
          message: expect.stringMatching(/^(TIFF|PDF) cannot be read yet/) as string,
          details: { readable: ['png', 'jpeg', 'webp', 'gif', 'bmp'] },
        }) as Error,
      );
    }
  });

  test('of millions of empty segments is refused quickly', () => {
    const padded = Buffer.alloc(IMAGE_LIMITS.maxBytes, 0xff);
    padded[1] = 0xd8;
    expect(reasonOf(() => readImageHeader(padded))).toBe('UnsupportedMedia');
    const refuse = () => reasonOf(() => readImageHeader(padded));
    expect(bestCpuMs(50, refuse)).toBeLessThan(50);
  });
});
