import type { NewRecord } from '@locara/protocol';
import type { ValueCipher } from '../privacy/vault/value-cipher.ts';
import type { SessionCall } from '../rpc/handler.ts';
import type { AppStores } from '../stores/app-stores.ts';
import { listCollections } from './list-collections.ts';
import { ifStillSealedAs, tryOpen, sealedPartOf } from './sealed-records.ts';
import { createCallStore, type CallStore } from './store-call.ts';
import { toSupplied } from './wire-vectors.ts';

/**
 * Makes plain what the collections of an app hold of one database, page by page; their vectors stay. Answers how many
 * records. Cut off anywhere, the rest is found again by the next call.
 */
export async function unsealRecords(
  stores: AppStores,
  call: SessionCall,
  { database, cipher }: { readonly database: string; readonly cipher: ValueCipher },
): Promise<number> {
  const { session } = call;
  if (!session.has('store:read') || !session.has('store:write')) return 0;
  const { collections } = await listCollections(stores, call);
  let unsealed = 0;
  for (const { collection, shared } of collections) {
    if (shared?.access === 'read') continue;
    const store = createCallStore(stores.storeFor(session, collection, 'write'), call);
    unsealed += await unsealCollection(store, collection, { database, cipher });
  }
  return unsealed;
}

async function unsealCollection(
  store: CallStore,
  collection: string,
  { database, cipher }: { readonly database: string; readonly cipher: ValueCipher },
): Promise<number> {
  let after: string | undefined;
  let unsealed = 0;
  for (;;) {
    const page = await store.read('exportRecords', { collection, after, vectors: true });
    if (page.isLast) return unsealed;
    after = page.cursor;
    const records = parseLines(page.jsonl).flatMap((record) => {
      const sealed = sealedPartOf(record);
      if (sealed?.database !== database) return [];
      const { envelope } = sealed;
      const opened = tryOpen(record, { collection, envelope, cipher });
      // Of another key, or changed: whoever reads it is told so.
      if (typeof opened === 'string') return [];
      const { id, text, metadata, ...given } = opened;
      const ifStill = ifStillSealedAs(envelope);
      return [{ id, text, metadata, vectors: toSupplied(given), ifStill }];
    });
    if (records.length === 0) continue;
    unsealed += (await store.write('upsertRecords', { collection, records })).upserted;
  }
}

function parseLines(jsonl: string): NewRecord[] {
  const lines = jsonl.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as NewRecord);
}
