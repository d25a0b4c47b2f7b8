import { RpcError } from '@locara/protocol/errors';
import type { EngineCall } from '../engine.ts';
import type { Batch, RunRequest } from './batch/batch.ts';
import { throwIfCancelled } from './cancelled.ts';
import type { Generated, GenerateParams, LlmOps } from './ops.ts';
import { AnswerWriter } from './output/answer-writer.ts';
import type { AnswerPlan } from './output/plan.ts';
import { planAnswer } from './output/plan.ts';
import { isReproducible } from './sampling.ts';
import { satisfiesSchema } from './schema/validate-output.ts';
import { createChunkWriter, type ChunkWriter } from './text/chunk-writer.ts';
import type { Token } from './token.ts';
import type { TextModel } from './text-model.ts';

type Call = EngineCall<LlmOps['generate']['chunk']>;

/** What one generation works with. */
interface Work {
  readonly model: TextModel;
  readonly batch: Batch;
  readonly params: GenerateParams;
  readonly plan: AnswerPlan;
}

/** One frame of a screen: nobody sees more messages than that, and each costs all three processes. */
const CHUNK_INTERVAL_MS = 16;

/** The `generate` operation: checks and plans first, then joins the batch. */
export async function generate(
  { model, batch }: { readonly model: TextModel; readonly batch: Batch },
  params: GenerateParams,
  call: Call,
): Promise<Generated> {
  throwIfCancelled(call.signal);
  const plan = await planAnswer({ model, signal: call.signal }, params);
  throwIfCancelled(call.signal);
  return runPlan({ model, batch, params, plan }, call);
}

async function runPlan(work: Work, call: Call): Promise<Generated> {
  const { model, plan } = work;
  const chunks = createChunkWriter((chunk) => {
    call.chunk(chunk);
  }, CHUNK_INTERVAL_MS);
  const sampler = model.createSampler(plan.sampling);
  try {
    const answer = new AnswerWriter(plan, { model, sampler, chunks });
    const prompt = [...plan.prompt.tokens, ...answer.begin()];
    const { signal } = call;
    const request = { ...watch(answer, prompt, call), sampler, prompt, signal };
    const run = await runBatch(work, request);
    answer.finish();
    checkFormat(plan, chunks, answer.finishReason);
    return toGenerated({ plan, answer, chunks, run });
  } finally {
    sampler.close();
  }
}

async function runBatch({ batch, params }: Work, request: Request): Promise<RunTimes> {
  const { firstTokenMs, isNeeded, ...own } = request;
  if (!isNeeded) return { cachedTokens: 0, firstTokenMs: firstTokenMs() };
  const { cachedTokens } = await batch.run({
    ...own,
    caller: params.caller,
    isReproducible: isReproducible(params.sampling),
  });
  return { cachedTokens, firstTokenMs: firstTokenMs() };
}

type Request = Pick<RunRequest, 'onToken' | 'onRead' | 'sampler' | 'prompt' | 'signal'> & Started;

interface Started {
  readonly firstTokenMs: () => number;
  /** Whether there is anything left for the model to write. */
  readonly isNeeded: boolean;
}

interface RunTimes {
  readonly cachedTokens: number;
  readonly firstTokenMs: number;
}

/** Gives the answer its tokens, and tells the caller how far the engine is. */
function watch(
  answer: AnswerWriter,
  prompt: readonly Token[],
  call: Call,
): Required<Pick<RunRequest, 'onToken' | 'onRead'>> & Started {
  const startedAt = performance.now();
  const total = prompt.length;
  let firstTokenMs: number | undefined;
  call.progress({ stage: 'prefill', completed: 0, total, unit: 'tokens' });
  return {
    isNeeded: !answer.isOver,
    firstTokenMs: () => firstTokenMs ?? performance.now() - startedAt,
    onRead: (completed) => {
      if (completed < total) call.progress({ stage: 'prefill', completed, total, unit: 'tokens' });
    },
    onToken: (token) => {
      if (firstTokenMs === undefined) {
        firstTokenMs = performance.now() - startedAt;
        call.progress({ stage: 'running' });
      }
      return answer.push(token);
    },
  };
}

/** A whole answer satisfies its schema; one that was cut says so. */
function checkFormat(
  { format }: AnswerPlan,
  { content }: ChunkWriter,
  finishReason: Generated['finishReason'],
): void {
  if (format === undefined || finishReason === 'length') return;
  if (satisfiesSchema(content, format.schema)) return;
  throw new RpcError('Unavailable', 'The model wrote a text that is not of the schema.', {
    details: { rule: 'output_invalid' },
  });
}

function toGenerated({
  plan,
  answer,
  chunks,
  run,
}: {
  readonly plan: AnswerPlan;
  readonly answer: AnswerWriter;
  readonly chunks: ChunkWriter;
  readonly run: RunTimes;
}): Generated {
  const { content, reasoning, toolCalls } = chunks;
  const promptTokens = plan.prompt.tokens.length;
  return {
    content,
    ...(reasoning === '' ? {} : { reasoning }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
    finishReason: answer.finishReason,
    ...(plan.dropped === undefined ? {} : { dropped: plan.dropped }),
    promptTokens,
    // Words that an answer has to begin with are read like a prompt, and counted as the answer's.
    cachedTokens: Math.min(run.cachedTokens, promptTokens),
    completionTokens: answer.completionTokens,
    firstTokenMs: run.firstTokenMs,
  };
}
