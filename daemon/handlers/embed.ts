import { type Params, type Result, RpcError } from '@locara/protocol';
import { toWireVector } from '../collections/wire-vectors.ts';
import { openPipeline, type PipelineParts } from '../privacy/pipeline/open-pipeline.ts';
import { toSteps } from '../privacy/pipeline/to-steps.ts';
import { type CallDeadline, startDeadline } from '../scheduler/call-deadline.ts';
import { toUnitVector } from '../scheduler/create-embedder.ts';
import type { Embedder } from '../scheduler/embedder.ts';
import type { Handlers, SessionCall } from '../rpc/handler.ts';

interface EmbedDeps {
  readonly embedder: Embedder;
  readonly privacy: PipelineParts;
}

/** Embeddings for apps: one unit-length vector per text, whole or cut to the dimensions asked for. */
export function embedHandlers(dependencies: EmbedDeps): Handlers<'embed'> {
  return {
    async 'embed.create'({ timeoutMs, ...params }, call) {
      using deadline = startDeadline(call.signal, timeoutMs);
      try {
        const bounded = { ...call, signal: deadline.signal, deadline };
        return await embedPrivately(dependencies, params, bounded);
      } catch (error) {
        throw deadline.explain(error);
      }
    },
  };
}

/** Redacts texts before they are embedded, and adds noise to the vectors and seals them, as far as the pipeline says. */
async function embedPrivately(
  { embedder, privacy }: EmbedDeps,
  { input, dimensions, encoding, pipeline, ...request }: Omit<Params<'embed.create'>, 'timeoutMs'>,
  { deadline, ...call }: SessionCall & { readonly deadline: CallDeadline },
): Promise<Result<'embed.create'>> {
  const steps = toSteps(pipeline);
  const running = await openPipeline(privacy, steps, { ...call, method: 'embed.create' });
  const texts = await running.redactTexts(typeof input === 'string' ? [input] : input);
  const sizeIn = (available: number): number => {
    if (dimensions !== undefined && dimensions > available) throw tooManyDimensions(available);
    return dimensions ?? available;
  };
  const beforeWork = (available: number): Promise<void> =>
    running.assertReleasable({ dimensions: sizeIn(available), records: texts.length });
  const embedded = await embedder({ ...request, call, deadline, texts, beforeWork });
  const size = sizeIn(embedded.dimensions);
  const cut =
    size === embedded.dimensions
      ? embedded.vectors
      : embedded.vectors.map((vector, index) => toUnitVector(vector, size, texts[index] ?? ''));
  const vectors = await running.protectVectors(cut);
  const { seal } = running;
  const context = steps.encrypt?.context ?? {};
  const embeddings: Result<'embed.create'>['embeddings'] = [];
  for (const value of vectors) {
    embeddings.push(
      seal === undefined
        ? toWireVector(value, encoding)
        : await seal({ type: 'vector', value }, context),
    );
  }
  running.settle();
  return {
    embeddings,
    dimensions: size,
    usage: { promptTokens: embedded.promptTokens },
    ...(pipeline === undefined ? {} : { privacy: running.effect() }),
  };
}

function tooManyDimensions(maxDimensions: number): RpcError {
  return new RpcError('InvalidParams', 'The model has fewer dimensions than asked for.', {
    details: { rule: 'dimensions', maxDimensions },
  });
}
