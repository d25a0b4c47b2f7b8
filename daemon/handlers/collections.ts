import type { BlobStore } from '../blobs/blob-store.ts';
import { exportRecords } from '../collections/export-records.ts';
import { importRecords } from '../collections/import-records.ts';
import { reembed } from '../collections/reembed.ts';
import { prepareSearch } from '../collections/search-records.ts';
import { createCallStore } from '../collections/store-call.ts';
import { upsertRecords, type CollectionsCall } from '../collections/upsert-records.ts';
import { toWireVector } from '../collections/wire-vectors.ts';
import type { Embedder } from '../scheduler/embedder.ts';
import type { Handlers, SessionCall } from '../rpc/handler.ts';
import type { AppStores } from '../stores/app-stores.ts';

interface CollectionsDeps {
  readonly stores: AppStores;
  readonly embedder: Embedder;
  readonly blobs: BlobStore;
}

/**
 * `collections.*`: records searchable by meaning and by words. Text that comes without a vector is
 * embedded, which is a right of its own (`embed:create`); an app without it supplies the vectors.
 */
export function collectionsHandlers({
  stores,
  embedder,
  blobs,
}: CollectionsDeps): Handlers<'collections'> {
  const storeOf = (call: SessionCall) => createCallStore(stores.forApp(call.session), call);
  const partsOf = (call: SessionCall): CollectionsCall => ({
    call,
    embedder,
    store: storeOf(call),
  });
  return {
    'collections.create': (params, call) => storeOf(call).write('createCollection', params),
    'collections.list': (_params, call) => storeOf(call).read('listCollections', {}),
    'collections.describe': (params, call) => storeOf(call).read('describeCollection', params),
    'collections.drop': (params, call) => storeOf(call).write('dropCollection', params),
    'collections.upsert': (params, call) => upsertRecords(partsOf(call), params),
    'collections.get': async ({ encoding, ...wanted }, call) => {
      const { records } = await storeOf(call).read('getRecords', wanted);
      return {
        records: records.map(({ vectors = [], ...record }) => {
          const [vector, ...others] = vectors.map((own) => toWireVector(own, encoding));
          if (vector === undefined) return record;
          return {
            ...record,
            vector,
            ...(others.length === 0 ? {} : { vectors: [vector, ...others] }),
          };
        }),
      };
    },
    'collections.delete': (params, call) => storeOf(call).write('deleteRecords', params),
    'collections.search': async (params, call) =>
      storeOf(call).read('searchRecords', await prepareSearch(partsOf(call), params)),
    'collections.explain': async (params, call) =>
      storeOf(call).read('explainSearch', await prepareSearch(partsOf(call), params)),
    'collections.reembed': (params, call) => reembed(partsOf(call), params),
    'collections.export': (params, call) => exportRecords(partsOf(call), params),
    'collections.import': (params, call) => importRecords({ ...partsOf(call), blobs }, params),
  };
}
