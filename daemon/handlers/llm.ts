import type { Completion, Modality, Params } from '@locara/protocol';
import { RpcError } from '@locara/protocol';
import type { AppModels } from '../models/app-models.ts';
import type { Handlers, SessionCall } from '../rpc/handler.ts';
import type { Engines } from '../scheduler/engines.ts';
import { createReranker } from '../scheduler/reranker.ts';
import { toCaller } from '../scheduler/to-caller.ts';
import type {
  Generated,
  GeneratedChunk,
  GenerateParams,
  PromptInput,
  Sampling,
  Tool,
  ToolChoice,
} from '../workers/llm/ops.ts';
import type { CallClock } from './call-clock.ts';
import { createCallClock } from './call-clock.ts';
import { streamFromWorker } from './stream.ts';

interface LlmDependencies {
  readonly models: AppModels;
  readonly engines: Engines;
}

type SamplingParams = Omit<Params<'llm.complete'>, 'prompt'>;
type ToolParams = NonNullable<Params<'llm.chat'>['tools']>[number];

/** Safety nets, not promises: the slowest model on the slowest machine stays well below. */
const GENERATE_TIMEOUT_MS = 2 * 60 * 60 * 1000;
const COUNT_TIMEOUT_MS = 60_000;

const TASKS: readonly Modality[] = ['text-to-text', 'text-to-text-thinking'];

/** Text generation: resolves the model among those the app pins, and streams from its worker. */
export function llmHandlers(dependencies: LlmDependencies): Handlers<'llm'> {
  const { models, engines } = dependencies;
  return {
    async *'llm.chat'({ messages, tools, toolChoice, ...sampling }, call) {
      const input = { messages, ...(tools === undefined ? {} : { tools: tools.map(toTool) }) };
      return yield* generate(dependencies, { input, sampling, toolChoice }, call);
    },

    async *'llm.complete'({ prompt, ...sampling }, call) {
      return yield* generate(dependencies, { input: { prompt }, sampling }, call);
    },

    'llm.rerank': createReranker(dependencies),

    async 'llm.countTokens'({ model, messages, prompt }, call) {
      const ready = await models.resolve({ call, tasks: TASKS, model });
      const input = messages === undefined ? { prompt: prompt ?? '' } : { messages };
      return engines.llm(ready).call(
        'countTokens',
        { input },
        {
          signal: call.signal,
          app: call.session.appId,
          timeoutMs: COUNT_TIMEOUT_MS,
          onProgress: call.progress.bind(call),
        },
      );
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
  { models, engines }: LlmDependencies,
  { input, sampling, toolChoice }: Asked,
  call: SessionCall,
): AsyncGenerator<GeneratedChunk, Completion, void> {
  const chosen = toSampling(sampling);
  const clock = createCallClock('loading');
  const model = await models.resolve({ call, tasks: TASKS, model: sampling.model });
  clock.enter('queued');
  const onProgress = clock.follow((progress) => {
    call.progress(progress);
  });
  const { appId: app } = call.session;
  const { priority, overflow } = sampling;
  const waiting = { app, priority, onProgress, timeoutMs: GENERATE_TIMEOUT_MS };
  const params: GenerateParams = {
    caller: toCaller(call.session, priority),
    input,
    sampling: chosen,
    overflow,
    ...(toolChoice === undefined ? {} : { toolChoice }),
  };
  const generated = yield* streamFromWorker<GeneratedChunk, Generated>(call.signal, (hooks) =>
    engines.llm(model).call('generate', params, { ...hooks, ...waiting }),
  );
  return toCompletion(generated, clock);
}

function toSampling(params: SamplingParams): Sampling {
  const { maxTokens, temperature, topP, topK, minP, seed, responseFormat } = params;
  const { repeatPenalty, presencePenalty, frequencyPenalty } = params;
  const stop = [params.stop ?? []].flat();
  assertWholeCharacters(stop);
  return {
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(topK === undefined ? {} : { topK }),
    ...(minP === undefined ? {} : { minP }),
    ...(repeatPenalty === undefined ? {} : { repeatPenalty }),
    ...(presencePenalty === undefined ? {} : { presencePenalty }),
    ...(frequencyPenalty === undefined ? {} : { frequencyPenalty }),
    ...(seed === undefined ? {} : { seed }),
    ...(responseFormat === undefined ? {} : { schema: responseFormat.schema }),
    stop,
  };
}

/** Half a character as a stop string would cut the text in the middle of one. */
function assertWholeCharacters(stop: readonly string[]): void {
  if (stop.every((text) => text.isWellFormed())) return;
  throw new RpcError('InvalidParams', 'A stop string has half a character.', {
    details: { issues: [{ path: 'stop', rule: 'whole characters, no lone surrogate' }] },
  });
}

/** `firstTokenMs` counts from the arrival of the call, as its caller waits. */
function toCompletion(generated: Generated, clock: CallClock): Completion {
  const { content, reasoning, toolCalls, finishReason, dropped } = generated;
  const { promptTokens, cachedTokens, completionTokens } = generated;
  const queuedMs = clock.spentMs('queued');
  const loadMs = clock.spentMs('downloading', 'verifying', 'loading');
  const totalMs = clock.totalMs();
  return {
    content,
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(toolCalls === undefined ? {} : { toolCalls: [...toolCalls] }),
    finishReason,
    ...(dropped === undefined ? {} : { dropped }),
    usage: { promptTokens, cachedTokens, completionTokens },
    timings: {
      queuedMs,
      loadMs,
      firstTokenMs: Math.min(queuedMs + loadMs + generated.firstTokenMs, totalMs),
      totalMs,
    },
  };
}

function toTool({ name, description, parameters }: ToolParams): Tool {
  return {
    name,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}
