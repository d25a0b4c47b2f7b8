import { inflateSync } from 'node:zlib';
import { unsupported } from './image-header.ts';

/** One byte a pixel, rows from the top without padding. */
export interface Greyscale {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** A portable greymap: the plainest image the recogniser reads. */
export function toPgm({ width, height, pixels }: Greyscale): Buffer {
  return Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), pixels]);
}

/** Enlarges by a whole factor, bilinear: letters of a few pixels become readable. */
export function enlarge(source: Greyscale, factor: number): Greyscale {
  const { width, height } = source;
  const columns = interpolate(width, factor);
  const rows = interpolate(height, factor);
  const pixels = new Uint8Array(columns.length * rows.length);
  let target = 0;
  const at = (offset: number): number => source.pixels[offset] ?? 0;
  for (const row of rows) {
    const upper = row.from * width;
    const lower = row.to * width;
    for (const column of columns) {
      const left = mix(at(upper + column.from), at(lower + column.from), row.share);
      const right = mix(at(upper + column.to), at(lower + column.to), row.share);
      pixels[target++] = mix(left, right, column.share);
    }
  }
  return { width: width * factor, height: height * factor, pixels };
}

interface Between {
  readonly from: number;
  readonly to: number;
  readonly share: number;
}

function interpolate(length: number, factor: number): readonly Between[] {
  return Array.from({ length: length * factor }, (_, index) => {
    const place = Math.min(length - 1, Math.max(0, (index + 0.5) / factor - 0.5));
    const from = Math.floor(place);
    return { from, to: Math.min(length - 1, from + 1), share: place - from };
  });
}

function mix(first: number, second: number, share: number): number {
  return first + (second - first) * share;
}

/**
 * The pixels of an 8-bit greyscale PNG without interlacing, as the recogniser writes them.
 * Answers undefined for any other PNG.
 */
export function decodeGreyPng(file: Buffer): Greyscale | undefined {
  const width = file.readUInt32BE(16);
  const height = file.readUInt32BE(20);
  const isPlainGrey = file.readUInt8(24) === 8 && file.readUInt8(25) === 0;
  if (!isPlainGrey || file.readUInt8(28) !== 0) return undefined;
  const packed: Buffer[] = [];
  for (let offset = 8; offset + 12 <= file.length; offset += 12 + file.readUInt32BE(offset)) {
    const isPixels = file.toString('latin1', offset + 4, offset + 8) === 'IDAT';
    if (isPixels) packed.push(file.subarray(offset + 8, offset + 8 + file.readUInt32BE(offset)));
  }
  const maxOutputLength = (width + 1) * height;
  const rows = inflateSync(Buffer.concat(packed), { maxOutputLength });
  if (rows.length !== maxOutputLength) return undefined;
  return { width, height, pixels: undoFilters(rows, width, height) };
}

/** PNG filter types 0 to 4 for one byte a pixel. */
function undoFilters(rows: Uint8Array, width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (width + 1)];
    for (let x = 0; x < width; x++) {
      const target = y * width + x;
      const left = x > 0 ? (pixels[target - 1] ?? 0) : 0;
      const up = y > 0 ? (pixels[target - width] ?? 0) : 0;
      const upLeft = x > 0 && y > 0 ? (pixels[target - width - 1] ?? 0) : 0;
      const raw = rows[y * (width + 1) + 1 + x] ?? 0;
      pixels[target] = raw + predict(filter, { left, up, upLeft });
    }
  }
  return pixels;
}

interface Neighbours {
  readonly left: number;
  readonly up: number;
  readonly upLeft: number;
}

function predict(filter: number | undefined, { left, up, upLeft }: Neighbours): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const toLeft = Math.abs(up - upLeft);
  const toUp = Math.abs(left - upLeft);
  const toUpLeft = Math.abs(left + up - 2 * upLeft);
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}

/**
 * The pixels of an uncompressed BMP (1, 4, 8, 24 or 32 bits). The recogniser's own reader turns
 * every byte of a BMP into a JavaScript property first, gigabytes for a large one.
 * Throws UnsupportedMedia for other kinds and truncated files.
 */
export function decodeBmp(file: Buffer): Greyscale {
  const shape = readBmpShape(file);
  const { width, height, bits, rowBytes, firstRow } = shape;
  if (firstRow + rowBytes * height > file.length) throw unsupported('This bmp image is truncated.');
  const palette = bits <= 8 ? readPalette(file, shape) : undefined;
  const mask = 2 ** Math.min(bits, 8) - 1;
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = firstRow + rowBytes * (shape.isTopDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      const place = row + (bit >> 3);
      pixels[y * width + x] =
        palette === undefined
          ? toGrey(file, place)
          : (palette[((file[place] ?? 0) >> (8 - bits - (bit & 7))) & mask] ?? 0);
    }
  }
  return { width, height, pixels };
}

interface BmpShape {
  readonly width: number;
  readonly height: number;
  readonly isTopDown: boolean;
  readonly bits: number;
  readonly rowBytes: number;
  readonly firstRow: number;
  readonly headerBytes: number;
  readonly paletteEntryBytes: number;
}

const UNCOMPRESSED = 0;
const BIT_FIELDS = 3;
/** Red, green and blue masks of the usual blue-first order. */
const USUAL_MASKS = [0xff0000, 0xff00, 0xff];

function readBmpShape(file: Buffer): BmpShape {
  if (file.length < 54) throw unsupported('This bmp image is truncated.');
  const headerBytes = file.readUInt32LE(14);
  const isCore = headerBytes === 12;
  const width = isCore ? file.readUInt16LE(18) : file.readInt32LE(18);
  const signedHeight = isCore ? file.readUInt16LE(20) : file.readInt32LE(22);
  const bits = file.readUInt16LE(isCore ? 24 : 28);
  const compression = isCore ? UNCOMPRESSED : file.readUInt32LE(30);
  const hasUsualMasks =
    compression === BIT_FIELDS &&
    bits === 32 &&
    file.length >= 66 &&
    USUAL_MASKS.every((mask, index) => file.readUInt32LE(54 + 4 * index) === mask);
  const isReadable = [1, 4, 8, 24, 32].includes(bits);
  if (!isReadable || (compression !== UNCOMPRESSED && !hasUsualMasks)) {
    throw unsupported('Only uncompressed bmp images of 1, 4, 8, 24 or 32 bits can be read.');
  }
  return {
    width,
    height: Math.abs(signedHeight),
    isTopDown: signedHeight < 0,
    bits,
    rowBytes: Math.ceil((width * bits) / 32) * 4,
    firstRow: file.readUInt32LE(10),
    headerBytes,
    paletteEntryBytes: isCore ? 3 : 4,
  };
}

function readPalette(file: Buffer, shape: BmpShape): Uint8Array {
  const start = 14 + shape.headerBytes;
  const end = Math.min(shape.firstRow, file.length);
  const entries = Math.min(2 ** shape.bits, Math.floor((end - start) / shape.paletteEntryBytes));
  return Uint8Array.from({ length: Math.max(0, entries) }, (_, index) =>
    toGrey(file, start + index * shape.paletteEntryBytes),
  );
}

/** Luma of three bytes in blue, green, red order. */
function toGrey(file: Buffer, offset: number): number {
  const blue = file[offset] ?? 0;
  const green = file[offset + 1] ?? 0;
  const red = file[offset + 2] ?? 0;
  return (red * 77 + green * 150 + blue * 29) >> 8;
}
