import { RpcError } from '@locara/protocol';
import { toWireVector } from '../collections/wire-vectors.ts';
import { toUnitVector } from '../scheduler/create-embedder.ts';
import type { Embedder } from '../scheduler/embedder.ts';
import type { Handlers } from '../rpc/handler.ts';

/** Embeddings for apps: one unit-length vector per text, whole or cut to the dimensions asked for. */
export function embedHandlers({ embedder }: { readonly embedder: Embedder }): Handlers<'embed'> {
  return {
    async 'embed.create'({ input, dimensions, encoding, pipeline, ...request }, call) {
      if (pipeline !== undefined) throw noPipelines();
      const texts = typeof input === 'string' ? [input] : input;
      const embedded = await embedder({ ...request, call, texts });
      const size = dimensions ?? embedded.dimensions;
      if (size > embedded.dimensions) throw tooManyDimensions(embedded.dimensions);
      const vectors =
        size === embedded.dimensions
          ? embedded.vectors
          : embedded.vectors.map((vector, index) => toUnitVector(vector, size, texts[index] ?? ''));
      return {
        embeddings: vectors.map((vector) => toWireVector(vector, encoding)),
        dimensions: size,
        usage: { promptTokens: embedded.promptTokens },
      };
    },
  };
}

/** Never without it: an app that asks for privacy must not get vectors that lack it. */
function noPipelines(): RpcError {
  return new RpcError('Unavailable', 'Embedding pipelines are not there yet.', {
    details: { parameter: 'pipeline' },
  });
}

function tooManyDimensions(maxDimensions: number): RpcError {
  return new RpcError('InvalidParams', 'The model has fewer dimensions than asked for.', {
    details: { rule: 'dimensions', maxDimensions },
  });
}
