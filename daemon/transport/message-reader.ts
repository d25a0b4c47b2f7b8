import { LIMITS, RpcError } from '@locara/protocol';
import { MESSAGE_LIMITS, parseMessage } from './framing.ts';
import { createJsonScan } from './json-scan.ts';
import { createLineDecoder } from './line-decoder.ts';

export interface MessageReader {
  /** The bytes are the reader's, which overwrites what may be secret. */
  push(bytes: Buffer): void;
  /** Hands on no message until `release`: what is pushed is kept. */
  hold(): void;
  release(): void;
  /** Nothing more comes: what is there of a line is erased. */
  stop(): void;
}

export interface MessageReaderOptions {
  /** The cap of a line now: small before authentication. */
  readonly maxBytes: () => number;
  readonly onMessage: (message: unknown, bytes: number) => void;
  /** The stream cannot go on; nothing more is read. */
  readonly onViolation: (error: RpcError) => void;
  readonly onHttp: () => void;
}

/** Bytes to parsed messages within every limit of the wire. */
export function createMessageReader(options: MessageReaderOptions): MessageReader {
  // A long line is scanned as it comes: all at once would hold up everybody else for milliseconds.
  let scan = createJsonScan(MESSAGE_LIMITS);
  const decoder = createLineDecoder({
    maxBytes: options.maxBytes,
    onPiece: (piece) => {
      scan.write(piece);
    },
    onLine: (line) => {
      const { verdict } = scan;
      scan = createJsonScan(MESSAGE_LIMITS);
      if (line.length === 0) return;
      const parsed = parseMessage(line, verdict);
      if ('message' in parsed) {
        options.onMessage(parsed.message, line.length);
        return;
      }
      decoder.stop();
      options.onViolation(
        parsed.error === 'ParseError'
          ? new RpcError(
              'ParseError',
              'The message is not JSON in UTF-8, is nested too deeply, or says a passphrase twice.',
            )
          : new RpcError(
              'PayloadTooLarge',
              `A message may have at most ${LIMITS.maxMessageValues} values.`,
            ),
      );
    },
    onViolation: (kind) => {
      if (kind === 'http') options.onHttp();
      else {
        options.onViolation(
          new RpcError(
            'PayloadTooLarge',
            'The message is too long; `details.limitBytes` is the limit now.',
            {
              details: { limitBytes: options.maxBytes() },
            },
          ),
        );
      }
    },
  });
  return {
    push: (bytes) => {
      decoder.write(bytes);
    },
    hold: () => {
      decoder.hold();
    },
    release: () => {
      decoder.release();
    },
    stop: () => {
      decoder.stop();
    },
  };
}
