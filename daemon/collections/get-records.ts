import type { Params, Result } from '@locara/protocol';
import { openRecords } from './sealed-records.ts';
import type { CollectionsCall } from './upsert-records.ts';
import { toWireVector } from './wire-vectors.ts';

/** Records by id; what a pipeline sealed is opened where this session has the key. */
export async function getRecords(
  { call, store, privacy }: CollectionsCall,
  { encoding, ...wanted }: Params<'collections.get'>,
): Promise<Result<'collections.get'>> {
  const { collection } = wanted;
  const { records } = await store.read('getRecords', wanted);
  const reading = { privacy, call, method: 'collections.get', collection };
  const opened = await openRecords(records, reading);
  return {
    records: opened.map(({ vectors = [], ...record }) => {
      const [vector, ...others] = vectors.map((own) => toWireVector(own, encoding));
      if (vector === undefined) return record;
      return {
        ...record,
        vector,
        ...(others.length === 0 ? {} : { vectors: [vector, ...others] }),
      };
    }),
  };
}
