import type { ChatPipeline, Completion, Modality } from '@locara/protocol';
import type { AppModels } from '../models/app-models.ts';
import { openPipeline, type PipelineParts } from '../privacy/pipeline/open-pipeline.ts';
import { protectGeneration } from '../privacy/pipeline/protect-generation.ts';
import { redactPrompt } from '../privacy/pipeline/redact-prompt.ts';
import { toSteps } from '../privacy/pipeline/to-steps.ts';
import type { Handlers, SessionCall } from '../rpc/handler.ts';
import { type CallDeadline, startDeadline } from '../scheduler/call-deadline.ts';
import type { Engines } from '../scheduler/engines.ts';
import {
  estimateGeneration,
  type SamplingParams,
  toCompletion,
  toConversation,
  tokensOf,
  toSampling,
} from '../scheduler/generation.ts';
import { startCallMeter } from '../scheduler/quotas/call-meter.ts';
import type { TokenQuotas } from '../scheduler/quotas/token-quotas.ts';
import { createReranker } from '../scheduler/reranker.ts';
import { toCaller } from '../scheduler/to-caller.ts';
import type {
  Generated,
  GeneratedChunk,
  GenerateParams,
  PromptInput,
  ToolChoice,
} from '../workers/llm/ops.ts';
import type { CallClock } from './call-clock.ts';
import { createCallClock } from './call-clock.ts';
import { streamFromWorker } from './stream.ts';

interface LlmDependencies {
  readonly models: AppModels;
  readonly engines: Engines;
  readonly quotas: TokenQuotas;
  readonly privacy: PipelineParts;
}

/** Safety nets, not promises: the slowest model on the slowest machine stays well below. */
const GENERATE_TIMEOUT_MS = 2 * 60 * 60 * 1000;
const COUNT_TIMEOUT_MS = 60_000;

const TASKS: readonly Modality[] = ['text-to-text', 'text-to-text-thinking'];
/** Counting computes nothing, so that it is bounded in calls alone. */
const NO_TOKENS = { promptTokens: 0, completionTokens: 0 };

/** Text generation: resolves the model among those the app pins, and streams from its worker. */
export function llmHandlers(dependencies: LlmDependencies): Handlers<'llm'> {
  const { models, engines, quotas } = dependencies;
  return {
    async *'llm.chat'({ messages, tools, toolChoice, pipeline, ...sampling }, call) {
      const input = toConversation({ messages, tools });
      const asked = { input, sampling, toolChoice };
      return yield* generateInTime(dependencies, asked, {
        ...call,
        method: 'llm.chat',
        pipeline,
      });
    },

    async *'llm.complete'({ prompt, pipeline, ...sampling }, call) {
      const asked = { input: { prompt }, sampling };
      return yield* generateInTime(dependencies, asked, {
        ...call,
        method: 'llm.complete',
        pipeline,
      });
    },

    'llm.rerank': createReranker(dependencies),

    async 'llm.countTokens'({ model, messages, prompt, tools, timeoutMs }, call) {
      const input =
        messages === undefined ? { prompt: prompt ?? '' } : toConversation({ messages, tools });
      using deadline = startDeadline(call.signal, timeoutMs);
      using meter = startCallMeter(quotas, call.session, NO_TOKENS);
      try {
        const ready = await models.resolve({ call: within(deadline, call), tasks: TASKS, model });
        const counted = await engines.llm(ready).call(
          'countTokens',
          { input },
          {
            signal: deadline.signal,
            app: call.session.appId,
            timeoutMs: COUNT_TIMEOUT_MS,
            ...toDeadlineMs(deadline),
            onProgress: call.progress.bind(call),
          },
        );
        meter.settle(0);
        return counted;
      } catch (error) {
        throw deadline.explain(error);
      }
    },
  };
}

/** What one call wants written. */
interface Asked {
  readonly input: PromptInput;
  readonly sampling: SamplingParams;
  readonly toolChoice?: ToolChoice;
}

/** Of which method, and what is done for privacy on the way. */
interface GenerationCall extends SessionCall {
  readonly method: string;
  readonly pipeline: ChatPipeline | undefined;
}

/** The time that a call is given is for its pipeline too. */
async function* generateInTime(
  dependencies: LlmDependencies,
  asked: Asked,
  call: GenerationCall,
): AsyncGenerator<GeneratedChunk, Completion, void> {
  using deadline = startDeadline(call.signal, asked.sampling.timeoutMs);
  try {
    return yield* generatePrivately(dependencies, asked, { ...within(deadline, call), deadline });
  } catch (error) {
    throw deadline.explain(error);
  }
}

/** Ended by its deadline as well. */
interface BoundedCall extends SessionCall {
  readonly deadline: CallDeadline;
}

/** Redacts what the model reads and writes, and seals what it wrote, as far as the pipeline says. */
async function* generatePrivately(
  dependencies: LlmDependencies,
  asked: Asked,
  call: GenerationCall & BoundedCall,
): AsyncGenerator<GeneratedChunk, Completion, void> {
  const { pipeline } = call;
  if (pipeline === undefined) {
    const { generated, timings } = yield* generate(dependencies, asked, call);
    return toCompletion(generated, timings);
  }
  const { redact, encrypt } = toSteps(pipeline);
  const running = await openPipeline(dependencies.privacy, { redact, encrypt }, call);
  const readsRedacted = redact !== undefined && redact.apply !== 'output';
  const input = readsRedacted ? await redactPrompt(running, asked.input) : asked.input;
  const { generated, timings } = yield* protectGeneration(
    generate(dependencies, { ...asked, input }, call),
    {
      running,
      isRedacted: redact !== undefined && redact.apply !== 'input',
      isJson: asked.sampling.responseFormat !== undefined,
      isSealed: encrypt !== undefined,
    },
  );
  const { seal } = running;
  if (seal === undefined) return { ...toCompletion(generated, timings), privacy: running.effect() };
  const { content, reasoning, toolCalls, ...rest } = generated;
  const value = {
    content,
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(toolCalls === undefined ? {} : { toolCalls }),
  };
  const sealed = await seal({ type: 'json', value }, encrypt?.context ?? {});
  running.settle();
  return {
    ...toCompletion({ ...rest, content: '' }, timings),
    sealed,
    privacy: running.effect(),
  };
}

/** A text as its model wrote it, and how long that took. */
interface Timed {
  readonly generated: Generated;
  readonly timings: Completion['timings'];
}

async function* generate(
  { models, engines, quotas }: LlmDependencies,
  { input, sampling, toolChoice }: Asked,
  { deadline, ...call }: BoundedCall,
): AsyncGenerator<GeneratedChunk, Timed, void> {
  const { priority, overflow, model } = sampling;
  const params: GenerateParams = {
    caller: toCaller(call.session, priority),
    input,
    sampling: toSampling(sampling),
    overflow,
    ...(toolChoice === undefined ? {} : { toolChoice }),
  };
  const estimate = estimateGeneration(input, params.sampling);
  const clock = createCallClock('loading');
  using meter = startCallMeter(quotas, call.session, estimate);
  const ready = await models.resolve({ call, tasks: TASKS, model });
  clock.enter('queued');
  const waiting = {
    app: call.session.appId,
    priority,
    cost: estimate.promptTokens + estimate.completionTokens,
    costOf: tokensOf,
    timeoutMs: GENERATE_TIMEOUT_MS,
    ...toDeadlineMs(deadline),
    onProgress: clock.follow((progress) => {
      meter.progress(progress);
      call.progress(progress);
    }),
  };
  const generated = yield* streamFromWorker<GeneratedChunk, Generated>(
    call.signal,
    ({ onChunk, signal }) => {
      const told = (chunk: GeneratedChunk): void => {
        meter.chunk(chunk);
        onChunk(chunk);
      };
      return engines.llm(ready).call('generate', params, { ...waiting, signal, onChunk: told });
    },
  );
  meter.settle(tokensOf(generated));
  return { generated, timings: toTimings(generated, clock) };
}

/** The same call, which its deadline ends as well. */
function within<Call extends SessionCall>({ signal }: CallDeadline, call: Call): Call {
  return { ...call, signal };
}

function toDeadlineMs(deadline: CallDeadline): { readonly deadlineMs?: number } {
  const deadlineMs = deadline.remainingMs();
  return deadlineMs === undefined ? {} : { deadlineMs };
}

/** `firstTokenMs` counts from the arrival of the call, as its caller waits. Tenths of milliseconds are enough. */
function toTimings(generated: Generated, clock: CallClock): Completion['timings'] {
  const queuedMs = toTenths(clock.spentMs('queued'));
  const loadMs = toTenths(clock.spentMs('downloading', 'verifying', 'loading'));
  const totalMs = toTenths(clock.totalMs());
  const firstTokenMs = Math.min(toTenths(queuedMs + loadMs + generated.firstTokenMs), totalMs);
  return { queuedMs, loadMs, firstTokenMs, totalMs };
}

function toTenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
