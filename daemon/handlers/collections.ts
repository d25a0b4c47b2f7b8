import type { BlobStore } from '../blobs/blob-store.ts';
import { exportRecords } from '../collections/export-records.ts';
import { listCollections } from '../collections/list-collections.ts';
import { importRecords } from '../collections/import-records.ts';
import { reembed } from '../collections/reembed.ts';
import { prepareSearch } from '../collections/search-records.ts';
import { createCallStore } from '../collections/store-call.ts';
import { upsertRecords, type CollectionsCall } from '../collections/upsert-records.ts';
import { toWireVector } from '../collections/wire-vectors.ts';
import type { Embedder } from '../scheduler/embedder.ts';
import type { Handlers, SessionCall } from '../rpc/handler.ts';
import type { AppStores } from '../stores/app-stores.ts';

interface InCollection {
  readonly collection: string;
}

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
  const storeFor = (access: 'read' | 'write', { collection }: InCollection, call: SessionCall) =>
    createCallStore(stores.storeFor(call.session, collection, access), call);
  const toRead = (params: InCollection, call: SessionCall) => storeFor('read', params, call);
  const toWrite = (params: InCollection, call: SessionCall) => storeFor('write', params, call);
  const parts = (store: CollectionsCall['store'], call: SessionCall): CollectionsCall => ({
    call,
    embedder,
    store,
  });
  return {
    'collections.create': async (params, call) =>
      toWrite(params, call).write('createCollection', params),
    'collections.list': (_params, call) => listCollections(stores, call),
    'collections.describe': async (params, call) =>
      toRead(params, call).read('describeCollection', params),
    'collections.drop': async (params, call) =>
      toWrite(params, call).write('dropCollection', params),
    'collections.upsert': async (params, call) =>
      upsertRecords(parts(toWrite(params, call), call), params),
    'collections.get': async ({ encoding, ...wanted }, call) => {
      const { records } = await toRead(wanted, call).read('getRecords', wanted);
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
    'collections.delete': async (params, call) =>
      toWrite(params, call).write('deleteRecords', params),
    'collections.search': async (params, call) => {
      const store = toRead(params, call);
      return store.read('searchRecords', await prepareSearch(parts(store, call), params));
    },
    'collections.explain': async (params, call) => {
      const store = toRead(params, call);
      return store.read('explainSearch', await prepareSearch(parts(store, call), params));
    },
    'collections.reembed': (params, call) => reembed(parts(toWrite(params, call), call), params),
    'collections.export': (params, call) =>
      exportRecords(parts(toRead(params, call), call), params),
    'collections.import': (params, call) =>
      importRecords({ ...parts(toWrite(params, call), call), blobs }, params),
  };
}
