import type { BlobStore } from '../blobs/blob-store.ts';
import { exportRecords } from '../collections/export-records.ts';
import { getRecords } from '../collections/get-records.ts';
import { listCollections } from '../collections/list-collections.ts';
import { importRecords } from '../collections/import-records.ts';
import { reembed } from '../collections/reembed.ts';
import { prepareSearch, searchRecords } from '../collections/search-records.ts';
import { createCallStore } from '../collections/store-call.ts';
import { upsertPrivately } from '../collections/upsert-privately.ts';
import type { CollectionsCall } from '../collections/upsert-records.ts';
import type { PipelineParts } from '../privacy/pipeline/open-pipeline.ts';
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
  readonly privacy: PipelineParts;
}

/**
 * `collections.*`: records searchable by meaning and by words. Text that comes without a vector is
 * embedded, which is a right of its own (`embed:create`); an app without it supplies the vectors.
 */
export function collectionsHandlers({
  stores,
  embedder,
  blobs,
  privacy,
}: CollectionsDeps): Handlers<'collections'> {
  const storeFor = (access: 'read' | 'write', { collection }: InCollection, call: SessionCall) =>
    createCallStore(stores.storeFor(call.session, collection, access), call);
  const toRead = (params: InCollection, call: SessionCall) => storeFor('read', params, call);
  const toWrite = (params: InCollection, call: SessionCall) => storeFor('write', params, call);
  const parts = (store: CollectionsCall['store'], call: SessionCall): CollectionsCall => ({
    call,
    embedder,
    store,
    privacy,
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
      upsertPrivately(parts(toWrite(params, call), call), params),
    'collections.get': async (params, call) =>
      getRecords(parts(toRead(params, call), call), params),
    'collections.delete': async (params, call) =>
      toWrite(params, call).write('deleteRecords', params),
    'collections.search': async (params, call) =>
      searchRecords(parts(toRead(params, call), call), params),
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
