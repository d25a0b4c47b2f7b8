import type { z } from 'zod';
import type { Turns } from '../turns.ts';

/** Queues one chunk; resolves when the peer keeps up, so that a slow reader holds the handler back. */
export type SendChunk = (chunk: unknown, sequence: number) => Promise<void>;

interface AnswerSpec {
  readonly result: z.ZodType;
  readonly acceptsResult?: (result: unknown) => boolean;
  readonly chunk?: z.ZodType;
}

interface StreamContext {
  readonly signal: AbortSignal;
  /** Those of the call, where its result may be large. */
  readonly turns?: Turns;
  readonly sendChunk: SendChunk;
}

type Stream = AsyncGenerator<unknown, unknown, void>;

/** What a handler returned, as the table has it: one answer, or chunks and then the answer. */
export async function answerWith(
  spec: AnswerSpec,
  outcome: unknown,
  context: StreamContext,
): Promise<unknown> {
  if (spec.chunk === undefined) {
    const result = await outcome;
    if (context.turns?.areOver() === true) await context.turns.next();
    return spec.acceptsResult?.(result) === true ? result : spec.result.parse(result);
  }
  const stream = outcome as Stream;
  try {
    for (let sequence = 0; ; sequence += 1) {
      const step = await stream.next();
      context.signal.throwIfAborted();
      if (step.done === true) return spec.result.parse(step.value);
      await context.sendChunk(spec.chunk.parse(step.value), sequence);
    }
  } finally {
    await stream.return(undefined);
  }
}
