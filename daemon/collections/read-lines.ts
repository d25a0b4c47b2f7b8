/** Where the bytes of a file come from; `read` gives at most `length` of them, none at the end. */
export interface ByteSource {
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** One line of a file, without its end. */
export interface Line {
  readonly bytes: Uint8Array;
  /** From the start of the file. */
  readonly offset: number;
  /** Of the next line. */
  readonly nextOffset: number;
  /** Longer than a line may be: `bytes` is only its beginning, and no line follows. */
  readonly isTooLong: boolean;
}

const PIECE_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** The lines from a byte on: ended by LF or CRLF, the last one by the file too, without a byte order mark. */
export async function* readLines(
  source: ByteSource,
  { offset: start, maxBytes }: { readonly offset: number; readonly maxBytes: number },
): AsyncGenerator<Line, void, void> {
  let offset = start;
  let rest = Buffer.alloc(0);
  let searched = 0;
  for (;;) {
    const end = rest.indexOf(NEWLINE, searched);
    if (end >= 0 && end <= maxBytes + 1) {
      const nextOffset = offset + end + 1;
      yield { ...toLine(rest.subarray(0, end), offset), nextOffset, isTooLong: false };
      rest = rest.subarray(end + 1);
      offset = nextOffset;
      searched = 0;
      continue;
    }
    searched = rest.length;
    if (rest.length > maxBytes + 1) {
      yield { bytes: rest.subarray(0, maxBytes), offset, nextOffset: offset, isTooLong: true };
      return;
    }
    const piece = await source.read(offset + rest.length, PIECE_BYTES);
    if (piece.length > 0) {
      rest = Buffer.concat([rest, piece]);
      continue;
    }
    if (rest.length === 0) return;
    const nextOffset = offset + rest.length;
    yield { ...toLine(rest, offset), nextOffset, isTooLong: false };
    return;
  }
}

function toLine(bytes: Buffer, offset: number): Pick<Line, 'bytes' | 'offset'> {
  const hasMark = offset === 0 && BYTE_ORDER_MARK.every((byte, at) => bytes[at] === byte);
  const from = hasMark ? BYTE_ORDER_MARK.length : 0;
  const to = bytes.at(-1) === RETURN ? bytes.length - 1 : bytes.length;
  return { bytes: bytes.subarray(from, Math.max(from, to)), offset };
}
