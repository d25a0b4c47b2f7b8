import type { Readable } from 'node:stream';

/** A piece of what a program wrote. */
export type Output = { readonly stdout: Buffer } | { readonly stderr: Buffer };

/** Small enough for one message, as base64. */
const MAX_PIECE_BYTES = 256 * 1024;

/** Both streams as they come, until both end; nothing is read while nobody takes the last piece. */
export async function* mergeOutput(stdout: Readable, stderr: Readable): AsyncGenerator<Output> {
  let wake = Promise.withResolvers<undefined>();
  const onMore = (): void => {
    wake.resolve(undefined);
  };
  const streams = [stdout, stderr];
  for (const stream of streams) {
    for (const event of ['readable', 'end', 'close']) stream.on(event, onMore);
    stream.on('error', onMore);
  }
  for (;;) {
    wake = Promise.withResolvers();
    const out = readPiece(stdout);
    if (out !== undefined) yield { stdout: out };
    const err = readPiece(stderr);
    if (err !== undefined) yield { stderr: err };
    if (out !== undefined || err !== undefined) continue;
    if (streams.every((stream) => stream.readableEnded || stream.destroyed)) return;
    await wake.promise;
  }
}

function readPiece(stream: Readable): Buffer | undefined {
  const bytes = stream.read() as Buffer | null;
  if (bytes === null) return undefined;
  if (bytes.length > MAX_PIECE_BYTES) stream.unshift(bytes.subarray(MAX_PIECE_BYTES));
  return bytes.subarray(0, MAX_PIECE_BYTES);
}
