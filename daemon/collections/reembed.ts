import type { Chunk, Params, Result } from '@locara/protocol';
import { embedTexts } from './embed-texts.ts';
import type { CollectionsCall } from './upsert-records.ts';

/**
 * Embeds all texts of a collection anew, batch by batch. Each batch is stored beside the old vectors, which are
 * searched until the last one is done; cut short anywhere, the next call goes on behind the last stored batch.
 */
export async function* reembed(
  { call, store, embedder }: CollectionsCall,
  { collection }: Params<'collections.reembed'>,
): AsyncGenerator<Chunk<'collections.reembed'>, Result<'collections.reembed'>, void> {
  const { total } = await store.read('countTexts', { collection });
  let reembedded = 0;
  for (;;) {
    const { texts, after, ...models } = await store.read('readTexts', { collection });
    const { pendingDigest } = models;
    if (texts.length === 0) {
      if (pendingDigest !== undefined) {
        await store.write('finishReembedding', { collection, modelDigest: pendingDigest });
      }
      const { modelDigest, dimensions } = await store.read('describeCollection', { collection });
      return { reembedded, modelDigest, dimensions };
    }
    const { vectors, modelDigest, dimensions } = await embedTexts(embedder, call, {
      texts: texts.map(({ text }) => text),
      expected: {},
    });
    if (modelDigest === models.modelDigest && pendingDigest === undefined) {
      return { reembedded, modelDigest, dimensions };
    }
    const batch = texts.map((text, at) => ({ ...text, vectors: vectors[at] ?? [] }));
    const { written } = await store.write('writeVectors', {
      collection,
      modelDigest,
      dimensions,
      after,
      batch,
    });
    reembedded += written;
    const { done } = await store.read('countTexts', { collection });
    call.progress({ stage: 'running', completed: done, total, unit: 'texts' });
    yield { done: Math.min(done, total), total };
  }
}
