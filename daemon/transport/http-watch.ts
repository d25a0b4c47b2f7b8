/** True when a stream's first bytes are an HTTP request line or the HTTP/2 preface. No JSON starts so. */
export function looksLikeHttp(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HTTP_HEAD_BYTES));
  return /^[A-Z]{3,15} /.test(head.toString('latin1'));
}

const HTTP_HEAD_BYTES = 16;

/** Looks at the first bytes of a stream, however they are cut. */
export function createHttpWatch(): { matches(chunk: Buffer): boolean } {
  let head = Buffer.alloc(0);
  return {
    matches(chunk) {
      if (head.length >= HTTP_HEAD_BYTES) return false;
      head = Buffer.concat([head, chunk.subarray(0, HTTP_HEAD_BYTES - head.length)]);
      return looksLikeHttp(head);
    },
  };
}
