import type { Completion, Modality } from '@locara/protocol';
import type { AppModels } from '../models/app-models.ts';
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
    async *'llm.chat'({ messages, tools, toolChoice, ...sampling }, call) {
      const input = toConversation({ messages, tools });
      return yield* generate(dependencies, { input, sampling, toolChoice }, call);
    },

    async *'llm.complete'({ prompt, ...sampling }, call) {
      return yield* generate(dependencies, { input: { prompt }, sampling }, call);
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

async function* generate(
  { models, engines, quotas }: LlmDependencies,
  { input, sampling, toolChoice }: Asked,
  call: SessionCall,
): AsyncGenerator<GeneratedChunk, Completion, void> {
  const { priority, overflow, model, timeoutMs } = sampling;
  const params: GenerateParams = {
    caller: toCaller(call.session, priority),
    input,
    sampling: toSampling(sampling),
    overflow,
    ...(toolChoice === undefined ? {} : { toolChoice }),
  };
  const estimate = estimateGeneration(input, params.sampling);
  const clock = createCallClock('loading');
  using deadline = startDeadline(call.signal, timeoutMs);
  using meter = startCallMeter(quotas, call.session, estimate);
  try {
    const ready = await models.resolve({ call: within(deadline, call), tasks: TASKS, model });
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
      deadline.signal,
      ({ onChunk, signal }) => {
        const told = (chunk: GeneratedChunk): void => {
          meter.chunk(chunk);
          onChunk(chunk);
        };
        return engines.llm(ready).call('generate', params, { ...waiting, signal, onChunk: told });
      },
    );
    meter.settle(tokensOf(generated));
    return toCompletion(generated, toTimings(generated, clock));
  } catch (error) {
    throw deadline.explain(error);
  }
}

/** The same call, which its deadline ends as well. */
function within({ signal }: CallDeadline, call: SessionCall): SessionCall {
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
