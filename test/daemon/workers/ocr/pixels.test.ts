import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeBmp,
  decodeGreyPng,
  enlarge,
  type Greyscale,
  toPgm,
} from '../../../../daemon/workers/ocr/pixels.ts';
import { readImage } from '../../../support/image-fixtures.ts';

const greyscale = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height, maxLength: width * height })
      .map((pixels): Greyscale => ({ width, height, pixels })),
  );

/** An uncompressed 24- or 32-bit BMP of grey pixels. */
function toBmp({ width, height, pixels }: Greyscale, bits: 24 | 32, isTopDown: boolean): Buffer {
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  const file = Buffer.alloc(54 + rowBytes * height);
  file.write('BM');
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(isTopDown ? -height : height, 22);
  file.writeUInt16LE(bits, 28);
  for (const [index, pixel] of pixels.entries()) {
    const y = Math.floor(index / width);
    const row = 54 + rowBytes * (isTopDown ? y : height - 1 - y);
    file.fill(pixel, row + (index % width) * (bits / 8), row + (index % width) * (bits / 8) + 3);
  }
  return file;
}

/** An 8-bit greyscale PNG whose rows use the filters 0 to 4 in turn. */
function toPng({ width, height, pixels }: Greyscale): Buffer {
  const at = (x: number, y: number): number => (x < 0 || y < 0 ? 0 : (pixels[y * width + x] ?? 0));
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    rows[y * (width + 1)] = y % 5;
    for (let x = 0; x < width; x++) {
      const [left, up, corner] = [at(x - 1, y), at(x, y - 1), at(x - 1, y - 1)];
      const guess = left + up - corner;
      const nearest = [left, up, corner].reduce((best, candidate) =>
        Math.abs(guess - candidate) < Math.abs(guess - best) ? candidate : best,
      );
      const predicted = [0, left, up, (left + up) >> 1, nearest][y % 5] ?? 0;
      rows[y * (width + 1) + 1 + x] = (at(x, y) - predicted) & 0xff;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const chunk = (type: string, body: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return Buffer.concat([length, Buffer.from(type), body, Buffer.alloc(4)]);
  };
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

describe('pixels', () => {
  test('of a BMP come out as they went in', () => {
    fc.assert(
      fc.property(greyscale, fc.constantFrom(24, 32), fc.boolean(), (image, bits, isTopDown) => {
        const decoded = decodeBmp(toBmp(image, bits, isTopDown));
        expect({ ...decoded, pixels: [...decoded.pixels] }).toEqual({
          ...image,
          pixels: [...image.pixels],
        });
      }),
    );
  });

  test('of a BMP with a palette are looked up in it', () => {
    const header = toBmp({ width: 3, height: 1, pixels: new Uint8Array(3) }, 24, false).subarray(
      0,
      54,
    );
    const palette = Buffer.from([10, 20, 30, 40].flatMap((grey) => [grey, grey, grey, 0]));
    for (const [bits, row] of [
      [8, [3, 0, 2, 0]],
      [4, [0x30, 0x20, 0, 0]],
      [1, [0b1010_0000, 0, 0, 0]],
    ] as const) {
      const file = Buffer.concat([header, palette, Buffer.from(row)]);
      file.writeUInt32LE(54 + palette.length, 10);
      file.writeUInt16LE(bits, 28);
      expect([...decodeBmp(file).pixels]).toEqual(bits === 1 ? [20, 10, 20] : [40, 10, 30]);
    }
  });

  test('of a greyscale PNG come out as they went in, whatever its filters', () => {
    fc.assert(
      fc.property(greyscale, (image) => {
        expect([...(decodeGreyPng(toPng(image))?.pixels ?? [])]).toEqual([...image.pixels]);
      }),
    );
  });

  test('of a two-colour BMP are black and white', () => {
    const { width, height, pixels } = decodeBmp(readImage('excerpt.bmp'));
    expect([width, height]).toEqual([640, 180]);
    expect([...new Set(pixels)].sort()).toEqual([0, 255]);
  });

  test('of a truncated or compressed BMP are refused', () => {
    const whole = readImage('excerpt.bmp');
    const truncated = whole.subarray(0, whole.length - 1);
    expect(() => decodeBmp(truncated)).toThrow(
      expect.objectContaining({ reason: 'UnsupportedMedia' }) as Error,
    );
    const compressed = Buffer.from(whole);
    compressed.writeUInt32LE(1, 30);
    expect(() => decodeBmp(compressed)).toThrow(
      expect.objectContaining({ reason: 'UnsupportedMedia' }) as Error,
    );
  });

  test('of any BMP header are decoded or refused, never worse', () => {
    const whole = readImage('excerpt.bmp');
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 40, maxLength: 40 }), (noise) => {
        const file = Buffer.from(whole);
        // Width and height stay: the header check has bounded them.
        file.set(noise.subarray(0, 8), 10);
        file.set(noise.subarray(8), 26);
        try {
          expect(decodeBmp(file).pixels.length).toBeLessThanOrEqual(640 * 180);
        } catch (error) {
          expect(error).toMatchObject({ reason: 'UnsupportedMedia' });
        }
      }),
      { numRuns: 50 },
    );
  });

  test('are enlarged without changing an even surface or the order of light and dark', () => {
    const even = enlarge({ width: 3, height: 2, pixels: new Uint8Array(6).fill(77) }, 3);
    expect([even.width, even.height, ...new Set(even.pixels)]).toEqual([9, 6, 77]);
    const ramp = [
      ...enlarge({ width: 2, height: 1, pixels: Uint8Array.of(0, 240) }, 3).pixels,
    ].slice(0, 6);
    expect(ramp).toEqual([...ramp].sort((first, second) => first - second));
    expect([ramp[0], ramp.at(-1)]).toEqual([0, 240]);
  });

  test('are written as a portable greymap', () => {
    const pgm = toPgm({ width: 2, height: 1, pixels: Uint8Array.of(1, 2) });
    expect(pgm.toString('latin1')).toBe('P5\n2 1\n255\n\x01\x02');
  });
});
