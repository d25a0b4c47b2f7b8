import type { Progress } from '@locara/protocol';
import type { Reservation } from './app-use.ts';
import type { QuotaHolder } from './quota-limits.ts';
import type { CallEstimate, TokenQuotas } from './token-quotas.ts';

/** Text of a chunk, whatever it is part of. */
interface WrittenChunk {
  readonly delta: string;
  readonly reasoning?: string;
  readonly toolCall?: { readonly arguments: string };
}

/**
 * One call under the quotas of its app. Of a call that ends without its own count (cancelled, failed, its
 * worker dead) it charges what was computed as far as its reports tell; of one that never began, nothing.
 */
export interface CallMeter extends Disposable {
  /** Sees every report of the worker. */
  progress(progress: Progress): void;
  /** Sees every chunk of the worker. */
  chunk(chunk: WrittenChunk): void;
  /** What the call took in all. */
  settle(tokens: number): void;
}

/** Begins a call; throws where the quotas have no room for it. */
export function startCallMeter(
  quotas: TokenQuotas,
  holder: QuotaHolder,
  estimate: CallEstimate,
): CallMeter {
  const reservation: Reservation = quotas.begin(holder, estimate);
  const { promptTokens } = estimate;
  let read = 0;
  let written = 0;
  let chunks = 0;
  let bytes = 0;
  return {
    progress: ({ stage, completed, total, unit }) => {
      if (stage === 'prefill') read = completed ?? 0;
      if (stage !== 'running') return;
      if (unit === 'texts' && completed !== undefined && total !== undefined && total > 0) {
        read = Math.max(read, (promptTokens * completed) / total);
      } else {
        // A text is written once all of its prompt is read, however much of that was reported.
        read = Math.max(read, promptTokens);
        if (unit === 'tokens') written = completed ?? written;
      }
    },
    chunk: ({ delta, reasoning = '', toolCall }) => {
      chunks += 1;
      bytes += Buffer.byteLength(delta) + Buffer.byteLength(reasoning);
      bytes += Buffer.byteLength(toolCall?.arguments ?? '');
      reservation.note(chunks);
    },
    settle: (tokens) => {
      reservation.settle(tokens);
    },
    [Symbol.dispose]: () => {
      reservation.settle(Math.ceil(read + Math.max(written, chunks, bytes / BYTES_PER_TOKEN)));
    },
  };
}

const BYTES_PER_TOKEN = 4;

/** Tokens that texts take, roughly; a model's own count is known only once it has read them. */
export function estimateTokens(texts: Iterable<string>): number {
  let bytes = 0;
  for (const text of texts) bytes += Buffer.byteLength(text);
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}
