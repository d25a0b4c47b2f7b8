import { RpcError } from '@locara/protocol/errors';
import { readJpegSegments } from './jpeg-segments.ts';

const READABLE_IMAGES = ['png', 'jpeg', 'webp', 'gif', 'bmp'] as const;
export type ImageFormat = (typeof READABLE_IMAGES)[number];

export const IMAGE_LIMITS = {
  maxBytes: 64 * 1024 * 1024,
  maxPixels: 40_000_000,
  /** The recogniser keeps coordinates in 16 bits and answers nothing at all beyond them. */
  maxSide: 32_767,
} as const;

/** What an image says about itself before anything is decoded. */
export interface ImageHeader {
  readonly format: ImageFormat;
  readonly width: number;
  readonly height: number;
  /** What decoding would unpack: every frame of an animation, not the first alone. */
  readonly pixels: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
  readonly pixels?: number;
}

/**
 * The header of an image this daemon can read, within its limits; nothing is decoded.
 * Throws PayloadTooLarge (bytes, pixels or side) or UnsupportedMedia (another format, no valid header).
 */
export function assertReadableImage(bytes: Uint8Array): ImageHeader {
  if (bytes.byteLength > IMAGE_LIMITS.maxBytes) {
    throw tooLarge('bytes', bytes.byteLength, IMAGE_LIMITS.maxBytes);
  }
  const header = readImageHeader(bytes);
  const side = Math.max(header.width, header.height);
  if (header.pixels > IMAGE_LIMITS.maxPixels) {
    throw tooLarge('pixels', header.pixels, IMAGE_LIMITS.maxPixels);
  }
  if (side > IMAGE_LIMITS.maxSide) throw tooLarge('side', side, IMAGE_LIMITS.maxSide);
  return header;
}

/** Format and size from the header alone. Throws UnsupportedMedia when there is no valid one. */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  const format = detectFormat(bytes);
  let size: Size | undefined;
  try {
    size = READERS[format](Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    // The file ends inside its own header.
    if (!(error instanceof RangeError)) throw error;
  }
  if (size === undefined || size.width < 1 || size.height < 1) {
    throw unsupported(`This ${format} image has no valid header.`);
  }
  return { format, ...size, pixels: size.pixels ?? size.width * size.height };
}

const READERS: Readonly<Record<ImageFormat, (file: Buffer) => Size | undefined>> = {
  png: readPngSize,
  jpeg: readJpegSize,
  webp: readWebpSize,
  gif: readGifSize,
  bmp: readBmpSize,
};

const SIGNATURES: readonly (readonly [ImageFormat | 'tiff' | 'pdf', RegExp])[] = [
  ['png', /^\x89PNG\r\n\x1a\n/],
  ['jpeg', /^\xff\xd8\xff/],
  ['webp', /^RIFF[^]{4}WEBP/],
  ['gif', /^GIF8[79]a/],
  ['bmp', /^BM/],
  ['tiff', /^(?:II[*+]\0|MM\0[*+])/],
  ['pdf', /^%PDF-/],
];

function detectFormat(bytes: Uint8Array): ImageFormat {
  const start = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  const found = SIGNATURES.find(([, signature]) => signature.test(start))?.[0];
  if (found === undefined) throw unsupported('This is not an image that can be read here.');
  if (found === 'tiff' || found === 'pdf') {
    throw unsupported(`${found.toUpperCase()} cannot be read yet; it comes with a later version.`);
  }
  return found;
}

/** Bounds the walk through a file made of millions of tiny blocks; real ones need far fewer. */
const MAX_STEPS = 400_000;
const GIF_FRAME = 0x2c;
const GIF_EXTENSION = 0x21;

function readPngSize(file: Buffer): Size | undefined {
  if (file.toString('latin1', 12, 16) !== 'IHDR') return undefined;
  return { width: file.readUInt32BE(16), height: file.readUInt32BE(20) };
}

/** The first frame header; what hides in a comment or a thumbnail is not believed. */
function readJpegSize(file: Buffer): Size | undefined {
  for (const { marker, payload } of readJpegSegments(file)) {
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: payload.readUInt16BE(1), width: payload.readUInt16BE(3) };
  }
  return undefined;
}

function readWebpSize(file: Buffer): Size | undefined {
  const chunk = file.toString('latin1', 12, 16);
  if (chunk === 'VP8X') {
    return { width: 1 + file.readUIntLE(24, 3), height: 1 + file.readUIntLE(27, 3) };
  }
  if (chunk === 'VP8 ' && file.readUIntBE(23, 3) === 0x9d012a) {
    return { width: file.readUInt16LE(26) & 0x3fff, height: file.readUInt16LE(28) & 0x3fff };
  }
  if (chunk === 'VP8L' && file.readUInt8(20) === 0x2f) {
    const packed = file.readUInt32LE(21);
    return { width: 1 + (packed & 0x3fff), height: 1 + ((packed >>> 14) & 0x3fff) };
  }
  return undefined;
}

/** The screen's size, and the pixels of all frames: a decoder unpacks every one. */
function readGifSize(file: Buffer): Size | undefined {
  const width = file.readUInt16LE(6);
  const height = file.readUInt16LE(8);
  let pixels = 0;
  let offset = 13 + colourTableBytes(file.readUInt8(10));
  let isInBlock = false;
  for (let step = 0; step < MAX_STEPS; step++) {
    const byte = file.readUInt8(offset);
    if (isInBlock) {
      isInBlock = byte > 0;
      offset += 1 + byte;
    } else if (byte === GIF_FRAME) {
      pixels += file.readUInt16LE(offset + 5) * file.readUInt16LE(offset + 7);
      offset += 11 + colourTableBytes(file.readUInt8(offset + 9));
      isInBlock = true;
    } else if (byte === GIF_EXTENSION) {
      offset += 2;
      isInBlock = true;
    } else {
      return pixels === 0 ? undefined : { width, height, pixels: Math.max(pixels, width * height) };
    }
  }
  return undefined;
}

function colourTableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

function readBmpSize(file: Buffer): Size {
  const isCoreHeader = file.readUInt32LE(14) === 12;
  if (isCoreHeader) return { width: file.readUInt16LE(18), height: file.readUInt16LE(20) };
  // A negative height means rows from the top.
  return { width: file.readInt32LE(18), height: Math.abs(file.readInt32LE(22)) };
}

function tooLarge(what: 'bytes' | 'pixels' | 'side', actual: number, limit: number): RpcError {
  return new RpcError('PayloadTooLarge', `The image is too large: ${what} ${actual} of ${limit}.`, {
    details: { what, actual, limit },
  });
}

/** The answer to an image that cannot be read, with the formats that can. */
export function unsupported(message: string): RpcError {
  return new RpcError('UnsupportedMedia', message, { details: { readable: READABLE_IMAGES } });
}
