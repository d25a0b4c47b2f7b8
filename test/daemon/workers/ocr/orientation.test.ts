import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  findSeenOrientation,
  readJpegOrientation,
  restateOrientation,
  toStoredBox,
  toUprightSize,
} from '../../../../daemon/workers/ocr/orientation.ts';
import { readImage } from '../../../support/image-fixtures.ts';

/** The excerpt with an Exif segment whose second entry is the orientation. */
function withExif(order: 'II' | 'MM', orientation: number): Buffer {
  const exif = Buffer.alloc(44);
  const write16 = (value: number, at: number): void => {
    if (order === 'II') exif.writeUInt16LE(value, at);
    else exif.writeUInt16BE(value, at);
  };
  exif.write(`Exif\0\0${order}`, 'latin1');
  write16(42, 8);
  if (order === 'II') exif.writeUInt32LE(8, 10);
  else exif.writeUInt32BE(8, 10);
  write16(2, 14);
  write16(0x010f, 16);
  write16(0x0112, 28);
  write16(orientation, 36);
  const head = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
  const file = readImage('excerpt.jpg');
  return Buffer.concat([file.subarray(0, 2), head, exif, file.subarray(2)]);
}

describe('the orientation of a photo', () => {
  test.each(['II', 'MM'] as const)('is read from Exif in %s order and restated', (order) => {
    for (let orientation = 1; orientation <= 8; orientation++) {
      const photo = withExif(order, orientation);
      expect(readJpegOrientation(photo)).toBe(orientation);
      expect(findSeenOrientation(restateOrientation(photo))).toBe(orientation);
    }
  });

  test('is upright without Exif, with a nonsense value, and in damaged Exif', () => {
    expect(readJpegOrientation(readImage('excerpt.jpg'))).toBe(1);
    expect(readJpegOrientation(withExif('II', 9))).toBe(1);
    const photo = withExif('MM', 6);
    photo.fill(0xff, 16, 20);
    expect(readJpegOrientation(photo)).toBe(1);
  });

  test('of any bytes is 1 to 8, never an error', () => {
    const exif = withExif('II', 6).subarray(0, 60);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(59), fc.nat(255))), fc.nat(60), (changes, length) => {
        const file = Buffer.from(exif);
        for (const [at, byte] of changes) file[at] = byte;
        const orientation = readJpegOrientation(file.subarray(0, length));
        expect(orientation).toBeGreaterThanOrEqual(1);
        expect(orientation).toBeLessThanOrEqual(8);
      }),
      { numRuns: 1000 },
    );
  });

  test('takes boxes back to the pixels as stored', () => {
    const stored = { width: 100, height: 40 };
    const box = { x: 1, y: 2, width: 10, height: 5 };
    const places = [1, 2, 3, 4, 5, 6, 7, 8].map((orientation) => {
      const { x, y } = toStoredBox(box, stored, orientation);
      return [x, y];
    });
    expect(places).toEqual([
      [1, 2],
      [89, 2],
      [89, 33],
      [1, 33],
      [2, 1],
      [2, 29],
      [93, 29],
      [93, 1],
    ]);
    for (let orientation = 1; orientation <= 8; orientation++) {
      const upright = toUprightSize(stored, orientation);
      const whole = toStoredBox({ x: 0, y: 0, ...upright }, stored, orientation);
      expect(whole).toEqual({ x: 0, y: 0, ...stored });
    }
  });
});
