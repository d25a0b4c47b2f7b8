import type { Params, Result } from '@locara/protocol';
import type { AppModels } from '../models/app-models.ts';
import type { SessionCall } from '../rpc/handler.ts';
import type { Engines } from './engines.ts';
import { toCaller } from './to-caller.ts';

/** A safety net, not a promise: the slowest model on the slowest machine stays well below. */
const TIMEOUT_MS = 2 * 60 * 60 * 1000;

/** Documents in the order in which they answer a query, with a model that the calling app pins. */
export type Reranker = (
  params: Params<'llm.rerank'>,
  call: SessionCall,
) => Promise<Result<'llm.rerank'>>;

/** The worker chooses the way by the model: its ranking head, or how likely a document makes the query. */
export function createReranker(dependencies: {
  readonly models: AppModels;
  readonly engines: Engines;
}): Reranker {
  const { models, engines } = dependencies;
  return async ({ model, query, documents, topN, priority, timeoutMs }, call) => {
    const tasks = ['text-to-text', 'text-to-text-thinking'] as const;
    const ready = await models.resolve({ call, tasks, model });
    const { scores, promptTokens, cachedTokens } = await engines.llm(ready).call(
      'rank',
      { caller: toCaller(call.session, priority), query, documents },
      {
        signal: call.signal,
        app: call.session.appId,
        priority,
        timeoutMs: Math.min(timeoutMs ?? TIMEOUT_MS, TIMEOUT_MS),
        onProgress: (progress) => {
          call.progress(progress);
        },
      },
    );
    return { results: bestFirst(scores, topN), usage: { promptTokens, cachedTokens } };
  };
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
