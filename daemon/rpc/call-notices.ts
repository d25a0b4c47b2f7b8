import { NOTICES, type Progress } from '@locara/protocol';
import type { Connection } from '../transport/connection.ts';
import type { Request } from './envelope.ts';
import { toLine } from './message-line.ts';
import { createProgressSender } from './progress.ts';
import type { SendChunk } from './run-stream.ts';

/** What a call may send before its answer. */
export interface CallNotices {
  /** Resolves when the peer has room for the next one. */
  readonly sendChunk: SendChunk;
  readonly sendProgress: (progress: Progress) => void;
}

export function createCallNotices(
  connection: Connection,
  { id, progressToken }: Pick<Request, 'id' | 'progressToken'>,
): CallNotices {
  return {
    sendChunk: async (chunk, sequence) => {
      const params = { id, sequence, chunk };
      await connection.sendInTurn(toLine({ jsonrpc: '2.0', method: NOTICES.chunk, params }));
    },
    sendProgress:
      progressToken === undefined
        ? () => undefined
        : createProgressSender((progress) => {
            // Progress that nobody reads is not worth keeping.
            if (!connection.hasRoom) return;
            const params = { token: progressToken, ...progress };
            connection.send(toLine({ jsonrpc: '2.0', method: NOTICES.progress, params }));
          }),
  };
}
