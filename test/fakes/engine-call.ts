import type { Progress } from '@locara/protocol';
import type { EngineCall } from '../../daemon/workers/engine.ts';

/** A call as the worker's side sees it, which remembers what the engine reported. */
export interface RecordedCall<C> extends EngineCall<C> {
  readonly chunks: C[];
  readonly reports: Progress[];
  abort(): void;
}

export function recordCall<C>(
  onChunk?: (chunk: C, call: RecordedCall<C>) => void,
): RecordedCall<C> {
  const controller = new AbortController();
  const call: RecordedCall<C> = {
    signal: controller.signal,
    chunks: [],
    reports: [],
    abort: () => {
      controller.abort();
    },
    chunk: (chunk) => {
      call.chunks.push(chunk);
      onChunk?.(chunk, call);
    },
    progress: (progress) => {
      call.reports.push(progress);
    },
  };
  return call;
}
