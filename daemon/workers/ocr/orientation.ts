import { readJpegSegments } from './jpeg-segments.ts';

/** 1 to 8 as in Exif: how a camera was held. 1 is upright; from 5 on the sides are swapped. */
export type Orientation = number;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export interface Size {
  readonly width: number;
  readonly height: number;
}

const EXIF_MARKER = 0xe1;
const ORIENTATION_TAG = 0x0112;

/**
 * The JPEG with its orientation said first and in the one form the recogniser understands: it looks
 * for big-endian Exif in the first 500 bytes, while many cameras write little-endian or later.
 */
export function restateOrientation(file: Buffer): Buffer {
  const segment = Buffer.from(
    'ffe10022457869660000' + '4d4d002a00000008' + '000101120003000000010001000000000000',
    'hex',
  );
  segment.writeUInt16BE(readJpegOrientation(file), segment.length - 8);
  return Buffer.concat([file.subarray(0, 2), segment, file.subarray(2)]);
}

export function readJpegOrientation(file: Buffer): Orientation {
  for (const { marker, payload } of readJpegSegments(file)) {
    if (marker !== EXIF_MARKER || payload.toString('latin1', 0, 6) !== 'Exif\0\0') continue;
    try {
      return readExifOrientation(payload.subarray(6));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return 1;
}

function readExifOrientation(exif: Buffer): Orientation {
  const isLittleEndian = exif.toString('latin1', 0, 2) === 'II';
  const read16 = (at: number): number =>
    isLittleEndian ? exif.readUInt16LE(at) : exif.readUInt16BE(at);
  const directory = isLittleEndian ? exif.readUInt32LE(4) : exif.readUInt32BE(4);
  const entries = read16(directory);
  for (let index = 0; index < entries; index++) {
    const entry = directory + 2 + 12 * index;
    if (read16(entry) !== ORIENTATION_TAG) continue;
    const orientation = read16(entry + 8);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  }
  return 1;
}

/** What the recogniser will take for the orientation of any image: its own rule, word for word. */
export function findSeenOrientation(image: Uint8Array): Orientation {
  const seen = /1 18 0 3 0 0 0 1 0 (\d)/.exec(image.subarray(0, 500).join(' '))?.[1];
  const orientation = Number(seen ?? 1);
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

/** The size of the upright picture whose pixels are stored in `stored`. */
export function toUprightSize(stored: Size, orientation: Orientation): Size {
  return orientation >= 5 ? { width: stored.height, height: stored.width } : stored;
}

/** A box of the upright picture, in the pixels of the file as they are stored. */
export function toStoredBox(box: Box, stored: Size, orientation: Orientation): Box {
  const isSwapped = orientation >= 5;
  const { x, y, width, height } = isSwapped
    ? { x: box.y, y: box.x, width: box.height, height: box.width }
    : box;
  const isFromRight = [2, 3, 7, 8].includes(orientation);
  const isFromBottom = [3, 4, 6, 7].includes(orientation);
  return {
    x: isFromRight ? stored.width - x - width : x,
    y: isFromBottom ? stored.height - y - height : y,
    width,
    height,
  };
}
