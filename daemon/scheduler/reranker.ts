import type { Params, Result } from '@locara/protocol';
import type { AppModels } from '../models/app-models.ts';
import type { SessionCall } from '../rpc/handler.ts';
import type { Engines } from './engines.ts';
import { startDeadline } from './call-deadline.ts';
import { estimateTokens, startCallMeter } from './quotas/call-meter.ts';
import type { TokenQuotas } from './quotas/token-quotas.ts';
import { toCaller } from './to-caller.ts';
import type { LlmOps } from '../workers/llm/ops.ts';

export interface RerankerDependencies {
  readonly models: AppModels;
  readonly engines: Engines;
  readonly quotas: TokenQuotas;
}

/** A safety net, not a promise: the slowest model on the slowest machine stays well below. */
const TIMEOUT_MS = 2 * 60 * 60 * 1000;

/** Documents in the order in which they answer a query, with a model that the calling app pins. */
export type Reranker = (
  params: Params<'llm.rerank'>,
  call: SessionCall,
) => Promise<Result<'llm.rerank'>>;

/** The worker chooses the way by the model: its ranking head, or how likely a document makes the query. */
export function createReranker({ models, engines, quotas }: RerankerDependencies): Reranker {
  return async ({ model, query, documents, topN, priority, timeoutMs }, call) => {
    const estimate = {
      promptTokens: estimateTokens(documents) + documents.length * estimateTokens([query]),
      completionTokens: 0,
    };
    using deadline = startDeadline(call.signal, timeoutMs);
    using meter = startCallMeter(quotas, call.session, estimate);
    const { signal } = deadline;
    try {
      const tasks = ['text-to-text', 'text-to-text-thinking'] as const;
      const ready = await models.resolve({ call: { ...call, signal }, tasks, model });
      const deadlineMs = deadline.remainingMs();
      const ranked = await engines.llm(ready).call(
        'rank',
        { caller: toCaller(call.session, priority), query, documents },
        {
          signal,
          app: call.session.appId,
          priority,
          cost: estimate.promptTokens,
          costOf: readTokens,
          timeoutMs: TIMEOUT_MS,
          ...(deadlineMs === undefined ? {} : { deadlineMs }),
          onProgress: (progress) => {
            meter.progress(progress);
            call.progress(progress);
          },
        },
      );
      meter.settle(readTokens(ranked));
      const { scores, promptTokens, cachedTokens } = ranked;
      return { results: bestFirst(scores, topN), usage: { promptTokens, cachedTokens } };
    } catch (error) {
      throw deadline.explain(error);
    }
  };
}

function readTokens({ promptTokens, cachedTokens }: LlmOps['rank']['result']): number {
  return promptTokens - cachedTokens;
}

/** Equal scores keep the order in which their documents came. */
export function bestFirst(
  scores: readonly number[],
  topN: number = scores.length,
): Result<'llm.rerank'>['results'] {
  return scores
    .map((score, index) => ({ index, score }))
    .sort((one, other) => other.score - one.score || one.index - other.index)
    .slice(0, topN);
}
