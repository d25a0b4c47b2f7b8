import { RpcError, type Params, type Result, type Vector } from '@locara/protocol';
import type { Embedder } from '../scheduler/embedder.ts';
import type { Handlers, SessionCall } from '../rpc/handler.ts';
import { STORE_BUDGETS_MS, type AppStores } from '../stores/app-stores.ts';
import type { UpsertRecord } from '../workers/store/ops/collection-ops.ts';

interface CollectionsDeps {
  readonly stores: AppStores;
  readonly embedder: Embedder;
}

/**
 * `collections.*`: records searchable by meaning and by words. Text that comes without a vector is
 * embedded, which is a right of its own (`embed:create`); an app without it supplies the vectors.
 */
export function collectionsHandlers(deps: CollectionsDeps): Handlers<'collections'> {
  const { stores } = deps;
  return {
    'collections.create': async (params, call) =>
      stores
        .storeFor(call.session, params.collection, 'write')
        .call('createCollection', params, toWrite(call)),
    'collections.list': (_params, call) => listCollections(stores, call),
    'collections.drop': async (params, call) =>
      stores
        .storeFor(call.session, params.collection, 'write')
        .call('dropCollection', params, toWrite(call)),
    'collections.upsert': (params, call) => upsertRecords(deps, params, call),
    'collections.get': async ({ encoding, ...wanted }, call) => {
      const store = stores.storeFor(call.session, wanted.collection, 'read');
      const { records } = await store.call('getRecords', wanted, toRead(call));
      return {
        records: records.map(({ vectors: [vector] = [], ...record }) =>
          vector === undefined
            ? record
            : { ...record, vector: encoding === 'f32' ? toF32(vector) : [...vector] },
        ),
      };
    },
    'collections.delete': async (params, call) =>
      stores
        .storeFor(call.session, params.collection, 'write')
        .call('deleteRecords', params, toWrite(call)),
    'collections.search': (params, call) => searchRecords(deps, params, call),
  };
}

/** The app's own, without those whose names it declares to share; and the shared ones that there are. */
async function listCollections(
  stores: AppStores,
  call: SessionCall,
): Promise<Result<'collections.list'>> {
  const { session } = call;
  const own = await stores.forApp(session).call('listCollections', {}, toRead(call));
  const shared = await Promise.all(
    stores.openShares(session).map(async ({ app, collection: name, access, worker }) => {
      const { collections } = await worker.call('listCollections', {}, toRead(call));
      return collections
        .filter(({ collection }) => collection === name)
        .map((collection) => ({ ...collection, shared: { app, access } }));
    }),
  );
  return {
    collections: [
      ...own.collections.filter(
        ({ collection }) => !stores.declaresShare(session.appId, collection),
      ),
      ...shared.flat(),
    ].toSorted((left, right) => (left.collection < right.collection ? -1 : 1)),
  };
}

async function upsertRecords(
  deps: CollectionsDeps,
  { collection, records }: Params<'collections.upsert'>,
  call: SessionCall,
): Promise<Result<'collections.upsert'>> {
  const store = deps.stores.storeFor(call.session, collection, 'write');
  const texts = records.flatMap((record) => (needsEmbedding(record) ? [record.text] : []));
  const supplied = records.map(({ vector }) => vector && toFloats(vector));
  if (texts.length === 0) {
    const withVectors = records.map(({ id, text, metadata }, index) => ({
      id,
      text,
      metadata,
      vectors: toList(supplied[index]),
    }));
    return store.call('upsertRecords', { collection, records: withVectors }, toWrite(call));
  }
  call.require('embed:create');
  // Before the work of embedding: an unknown collection is refused.
  await store.call('describeCollection', { collection }, toRead(call));
  const { vectors, modelDigest } = await deps.embedder({ call, texts, kind: 'document' });
  const embedded = vectors.values();
  const complete = records.map(({ vector, ...record }, index): UpsertRecord => ({
    ...record,
    vectors: toList(
      needsEmbedding({ ...record, vector }) ? embedded.next().value : supplied[index],
    ),
  }));
  return store.call('upsertRecords', { collection, records: complete, modelDigest }, toWrite(call));
}

async function searchRecords(
  deps: CollectionsDeps,
  { collection, text, query, vector, k, filter, hybrid = false }: Params<'collections.search'>,
  call: SessionCall,
): Promise<Result<'collections.search'>> {
  const store = deps.stores.storeFor(call.session, collection, 'read');
  const request = { collection, k, filter, words: query ?? (hybrid ? text : undefined) };
  if (text === undefined) {
    const searched = { ...request, vector: vector && toFloats(vector) };
    return toHits(await store.call('searchRecords', searched, toRead(call)));
  }
  call.require('embed:create');
  await store.call('describeCollection', { collection }, toRead(call));
  const embedded = await deps.embedder({ call, texts: [text], kind: 'query' });
  const { modelDigest } = embedded;
  const meaning = { ...request, vector: embedded.vectors[0], modelDigest };
  return toHits(await store.call('searchRecords', meaning, toRead(call)));
}

function toList<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}

function toHits({ hits }: { readonly hits: readonly Hit[] }): Result<'collections.search'> {
  return { hits: [...hits] };
}
type Hit = Result<'collections.search'>['hits'][number];

function needsEmbedding<R extends Pick<UpsertRecord, 'text'> & { readonly vector?: unknown }>(
  record: R,
): record is R & { readonly text: string } {
  return record.vector === undefined && record.text !== undefined && record.text.trim() !== '';
}

function toRead({ signal }: SessionCall) {
  return { signal, timeoutMs: STORE_BUDGETS_MS.read };
}

function toWrite({ signal }: SessionCall) {
  return { signal, timeoutMs: STORE_BUDGETS_MS.batch };
}

/** Throws InvalidParams for bytes that are not whole 32-bit floats. */
function toFloats(vector: Vector): Float32Array {
  if (Array.isArray(vector)) return Float32Array.from(vector);
  const bytes = Buffer.from(vector.f32, 'base64');
  if (bytes.length > 0 && bytes.length % Float32Array.BYTES_PER_ELEMENT === 0) {
    return new Float32Array(Uint8Array.from(bytes).buffer);
  }
  throw new RpcError('InvalidParams', 'An f32 vector needs whole 32-bit floats.', {
    details: { rule: 'vector' },
  });
}

function toF32(vector: Float32Array): Vector {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return { f32: bytes.toString('base64') };
}
