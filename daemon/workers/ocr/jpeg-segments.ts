/** One marker segment of a JPEG before its first scan. */
export interface JpegSegment {
  readonly marker: number;
  /** What follows the marker's length field; cut where the file ends. */
  readonly payload: Buffer;
}

/** Bounds the walk through a file made of millions of tiny segments; real ones need far fewer. */
const MAX_STEPS = 100_000;

/** The segments by their lengths, so that nothing inside one is taken for another; ends where they do. */
export function* readJpegSegments(file: Buffer): Generator<JpegSegment, void, void> {
  let offset = 2;
  for (let step = 0; step < MAX_STEPS && offset + 4 <= file.length; step++) {
    const marker = file.readUInt8(offset + 1);
    const isFill = marker === 0xff;
    const isBare = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    const isEndOfHeaders = marker === 0xd9 || marker === 0xda;
    if (file.readUInt8(offset) !== 0xff || isEndOfHeaders) return;
    if (isFill || isBare) {
      offset += isFill ? 1 : 2;
      continue;
    }
    const bytes = Math.max(2, file.readUInt16BE(offset + 2));
    yield { marker, payload: file.subarray(offset + 4, offset + 2 + bytes) };
    offset += 2 + bytes;
  }
}
