import { createHash } from 'node:crypto';
import type { Progress } from '@locara/protocol';
import type { AppModels } from '../models/app-models.ts';
import { notFiniteError } from '../workers/llm/not-finite.ts';
import type { LlmOps } from '../workers/llm/ops.ts';
import { type CallDeadline, startDeadline } from './call-deadline.ts';
import type { Embedded, Embedder, EmbedRequest } from './embedder.ts';
import type { Engines } from './engines.ts';
import { type CallMeter, estimateTokens, startCallMeter } from './quotas/call-meter.ts';
import type { CallEstimate, TokenQuotas } from './quotas/token-quotas.ts';
import { toCaller } from './to-caller.ts';

/** A safety net, not a promise: the slowest model on the slowest machine stays well below. */
const TIMEOUT_MS = 60 * 60 * 1000;

interface EmbedderDependencies {
  readonly models: AppModels;
  readonly engines: Engines;
  readonly quotas: TokenQuotas;
}

/**
 * Embeds texts with the model the app pins: its query or document prefix, its own number of
 * dimensions (a file may be wider than its model), unit length.
 */
export function createEmbedder(dependencies: EmbedderDependencies): Embedder {
  return async (request) => {
    const { call, texts, deadline = startDeadline(call.signal) } = request;
    const estimate = { promptTokens: estimateTokens(texts), completionTokens: 0 };
    using meter = startCallMeter(dependencies.quotas, call.session, estimate);
    const embedded = await embed(dependencies, request, { deadline, meter, estimate });
    meter.settle(embedded.promptTokens);
    return embedded;
  };
}

/** What bounds one call. */
interface Bounds {
  readonly deadline: CallDeadline;
  readonly meter: CallMeter;
  readonly estimate: CallEstimate;
}

async function embed(
  { models, engines }: EmbedderDependencies,
  request: EmbedRequest,
  { deadline, meter, estimate }: Bounds,
): Promise<Embedded> {
  const { call, texts, kind, model, overflow = 'refuse', priority = 'interactive' } = request;
  const { signal } = deadline;
  const ready = await models.resolve({
    call: { ...call, signal },
    tasks: ['text-to-embedding'],
    model,
  });
  const { entry, digest } = ready;
  if (entry.dimensions !== undefined) await request.beforeWork?.(entry.dimensions);
  const prefix = (kind === 'query' ? entry.queryPrefix : entry.documentPrefix) ?? '';
  const deadlineMs = deadline.remainingMs();
  const waiting = {
    signal,
    app: call.session.appId,
    cost: estimate.promptTokens,
    costOf: (result: LlmOps['embed']['result']) => result.promptTokens,
    timeoutMs: TIMEOUT_MS,
    priority,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    onProgress: (progress: Progress) => {
      meter.progress(progress);
      call.progress(progress);
    },
  };
  const params = { caller: toCaller(call.session, priority), texts, prefix, overflow };
  const { vectors, counts, promptTokens } = await engines.llm(ready).call('embed', params, waiting);
  const dimensions = entry.dimensions ?? vectors[0]?.length ?? 0;
  // Which text a vector without a direction takes one from.
  const owners = counts?.flatMap((count, index) => Array<string>(count).fill(texts[index] ?? ''));
  const textOf = (at: number): string => (owners ?? texts)[at] ?? '';
  return {
    vectors: vectors.map((vector, at) => toUnitVector(vector, dimensions, textOf(at))),
    ...(counts === undefined ? {} : { counts }),
    dimensions,
    promptTokens,
    modelDigest: digest,
  };
}

/**
 * The first `dimensions` numbers of a vector at length 1. A text the model knows no word of has no
 * direction; `text` then gives it one of its own, so that it is near to itself and to nothing else.
 * Throws Unavailable where a number is none: such a vector is near to everything.
 */
export function toUnitVector(vector: Float32Array, dimensions: number, text: string): Float32Array {
  const kept = vector.subarray(0, dimensions);
  let squares = 0;
  for (const value of kept) squares += value * value;
  if (!Number.isFinite(squares)) throw notFiniteError();
  if (squares === 0) return toUnitVector(hashVector(text, dimensions), dimensions, text);
  const length = Math.sqrt(squares);
  return kept.map((value) => value / length);
}

/** Numbers that only depend on the text, spread evenly around 0. */
function hashVector(text: string, dimensions: number): Float32Array {
  const bytes = createHash('shake256', { outputLength: dimensions * 2 })
    .update(text.toWellFormed())
    .digest();
  return Float32Array.from(
    { length: dimensions },
    // Odd numbers: no component, and so no vector, can be zero.
    (_value, index) => bytes.readInt16LE(index * 2) * 2 + 1,
  );
}
