/** The unfinished line of a stream. */
export interface PendingLine {
  readonly length: number;
  readonly lastByte: number | undefined;
  /** Takes the piece over: it is overwritten where it was, as it may be part of a secret. */
  append(piece: Buffer): void;
  erase(): void;
  /** Everything so far and `last`, handed over: the next line starts in fresh memory. */
  take(last?: Buffer): Buffer;
}

/** The unfinished line in memory that doubles as it grows. */
export function createPendingLine(): PendingLine {
  let bytes = Buffer.alloc(0);
  let length = 0;
  const append = (piece: Buffer): void => {
    if (length + piece.length > bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length + piece.length, 2 * length, 256));
      bytes.copy(grown, 0, 0, length);
      bytes.fill(0, 0, length);
      bytes = grown;
    }
    piece.copy(bytes, length);
    length += piece.length;
    erase(piece);
  };
  return {
    get length() {
      return length;
    },
    get lastByte() {
      return length === 0 ? undefined : bytes[length - 1];
    },
    append,
    erase: () => {
      bytes.fill(0, 0, length);
      bytes = Buffer.alloc(0);
      length = 0;
    },
    take: (last) => {
      if (last !== undefined) append(last);
      const line = bytes.subarray(0, length);
      bytes = Buffer.alloc(0);
      length = 0;
      return line;
    },
  };
}

/** For a few bytes a call of native code would take longer. */
function erase(bytes: Buffer): void {
  if (bytes.length > 32) bytes.fill(0);
  else for (let index = 0; index < bytes.length; index += 1) bytes[index] = 0;
}
