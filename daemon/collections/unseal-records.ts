import { type NewRecord, parseJson } from '@locara/protocol';
import type { DecryptedRecords, SealedBy } from '../privacy/vault/keystore/keystore.ts';
import type { SessionCall } from '../rpc/handler.ts';
import type { AppStores } from '../stores/app-stores.ts';
import { beginTurns } from '../turns.ts';
import type { UpsertRecord } from '../workers/store/ops/collection-ops.ts';
import { listCollections } from './list-collections.ts';
import { ifStillSealedAs, tryOpen, sealedPartOf } from './sealed-records.ts';
import { createCallStore, type CallStore } from './store-call.ts';
import { toSupplied } from './wire-vectors.ts';

/**
 * Makes plain what the collections of an app hold of one database, page by page; their vectors stay. Answers how many
 * records, and how many stay sealed; that is unknown to who may not read. Cut off anywhere, the rest is found again
 * by the next call.
 */
export async function unsealRecords(
  stores: AppStores,
  call: SessionCall,
  { database, keyId, cipher }: SealedBy & { readonly database: string },
): Promise<DecryptedRecords> {
  const { session } = call;
  if (!session.has('store:read')) return { decrypted: 0 };
  const { collections } = await listCollections(stores, call);
  const all = { decrypted: 0, left: 0 };
  for (const { collection, shared } of collections) {
    const isWritable = session.has('store:write') && shared?.access !== 'read';
    const access = isWritable ? 'write' : 'read';
    const store = createCallStore(stores.storeFor(session, collection, access), call);
    const { decrypted, left } = await unsealCollection(store, collection, {
      database,
      keyId,
      ...(isWritable ? { cipher } : {}),
    });
    all.decrypted += decrypted;
    all.left += left;
  }
  return all;
}

/** Without a cipher what is sealed is counted alone. */
async function unsealCollection(
  store: CallStore,
  collection: string,
  {
    database,
    keyId,
    cipher,
  }: Pick<SealedBy, 'keyId'> & Partial<SealedBy> & { readonly database: string },
): Promise<Required<DecryptedRecords>> {
  const turns = beginTurns();
  let after: string | undefined;
  let decrypted = 0;
  let left = 0;
  for (;;) {
    const page = await store.read('exportRecords', { collection, after, vectors: true });
    if (page.isLast) return { decrypted, left };
    after = page.cursor;
    const sealed = parseLines(page.jsonl).flatMap((record) => {
      const part = sealedPartOf(record);
      // By the key: what another app, or a key of this name that is gone, sealed is no loss of this one.
      const isOurs = part?.database === database && part.envelope.keyId === keyId;
      return isOurs ? [{ record, envelope: part.envelope }] : [];
    });
    const records: UpsertRecord[] = [];
    for (const { record, envelope } of sealed) {
      if (turns.areOver()) await turns.next();
      const opened = cipher && tryOpen(record, { collection, envelope, cipher });
      // Changed, or copied: whoever reads it is told so.
      if (opened === undefined || typeof opened === 'string') continue;
      const { id, text, metadata, ...given } = opened;
      const ifStill = ifStillSealedAs(envelope);
      records.push({ id, text, metadata, vectors: toSupplied(given), ifStill });
    }
    left += sealed.length - records.length;
    if (records.length === 0) continue;
    decrypted += (await store.write('upsertRecords', { collection, records })).upserted;
  }
}

function parseLines(jsonl: string): NewRecord[] {
  const lines = jsonl.split('\n').filter((line) => line !== '');
  return lines.map((line) => parseJson(line) as NewRecord);
}
