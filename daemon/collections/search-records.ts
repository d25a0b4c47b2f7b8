import type { Params, Result } from '@locara/protocol';
import type { SearchParams } from '../workers/store/ops/collection-ops.ts';
import { openRecords } from './sealed-records.ts';
import type { CollectionsCall } from './upsert-records.ts';
import { toFloats } from './wire-vectors.ts';

/** The best records; what a pipeline sealed is opened where this session has the key. */
export async function searchRecords(
  parts: CollectionsCall,
  params: Params<'collections.search'>,
): Promise<Result<'collections.search'>> {
  const { call, store, privacy } = parts;
  const { hits } = await store.read('searchRecords', await prepareSearch(parts, params));
  const { collection } = params;
  const reading = { privacy, call, method: 'collections.search', collection };
  return { hits: await openRecords(hits, reading) };
}

/** A search as the store takes it; `text` is embedded, which needs `embed:create`. Throws NotFound before that. */
export async function prepareSearch(
  { call, store, embedder }: CollectionsCall,
  params: Params<'collections.search'>,
): Promise<SearchParams> {
  const { collection, text, query, vector, k, filter, weights, hybrid = false } = params;
  const words = query ?? (hybrid ? text : undefined);
  const snippetsOf = params.snippets === true ? (query ?? text ?? '') : undefined;
  const search = { collection, k, filter, words, weights, snippetsOf };
  if (text === undefined) return { ...search, vector: vector && toFloats(vector) };
  call.require('embed:create');
  await store.read('describeCollection', { collection });
  const { vectors, modelDigest } = await embedder({
    call,
    texts: [text],
    kind: 'query',
    overflow: 'chunk',
  });
  return { ...search, vector: vectors[0], modelDigest };
}
