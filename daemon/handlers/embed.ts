import { RpcError } from '@locara/protocol';
import { toUnitVector } from '../scheduler/create-embedder.ts';
import type { Embedder } from '../scheduler/embedder.ts';
import type { Handlers } from '../rpc/handler.ts';

/** Embeddings for apps: one unit-length vector per text, whole or cut to the dimensions asked for. */
export function embedHandlers({ embedder }: { readonly embedder: Embedder }): Handlers<'embed'> {
  return {
    async 'embed.create'({ input, dimensions, encoding, pipeline, ...wishes }, call) {
      if (pipeline !== undefined) throw noPipelines();
      const texts = typeof input === 'string' ? [input] : input;
      const embedded = await embedder({ call, texts, ...wishes });
      const size = dimensions ?? embedded.dimensions;
      if (size > embedded.dimensions) throw tooManyDimensions(embedded.dimensions);
      const vectors =
        size === embedded.dimensions
          ? embedded.vectors
          : embedded.vectors.map((vector, index) => toUnitVector(vector, size, texts[index] ?? ''));
      return {
        embeddings: vectors.map((vector) => (encoding === 'f32' ? toF32(vector) : [...vector])),
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

/** Little-endian, whatever the machine is. */
function toF32(vector: Float32Array): { f32: string } {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return { f32: bytes.toString('base64') };
}
