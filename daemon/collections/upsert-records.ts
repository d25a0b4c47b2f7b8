import type { Params, Result } from '@locara/protocol';
import type { PipelineParts } from '../privacy/pipeline/open-pipeline.ts';
import type { SessionCall } from '../rpc/handler.ts';
import type { Embedder } from '../scheduler/embedder.ts';
import type { UpsertRecord } from '../workers/store/ops/collection-ops.ts';
import { embedTexts, hasMeaning } from './embed-texts.ts';
import type { CallStore } from './store-call.ts';
import { toSupplied } from './wire-vectors.ts';

export type NewRecord = Params<'collections.upsert'>['records'][number];

/** What every operation on collections needs of one call. */
export interface CollectionsCall {
  readonly call: SessionCall;
  readonly store: CallStore;
  readonly embedder: Embedder;
  readonly privacy: PipelineParts;
}

/** Stores records; texts that come without a vector are embedded, which needs `embed:create`. */
export async function upsertRecords(
  parts: CollectionsCall,
  wanted: NewRecords,
): Promise<Result<'collections.upsert'>> {
  const { complete, modelDigest } = await embedRecords(parts, wanted);
  const { collection } = wanted;
  return parts.store.write('upsertRecords', { collection, records: complete, modelDigest });
}

type NewRecords = Pick<Params<'collections.upsert'>, 'collection'> & {
  readonly records: readonly NewRecord[];
};

/** The records with the vectors of their texts; nothing is stored yet. */
export async function embedRecords(
  { call, store, embedder }: CollectionsCall,
  { collection, records }: NewRecords,
): Promise<{ complete: readonly UpsertRecord[]; modelDigest?: string }> {
  const prepared = records.map(prepare);
  const texts = prepared.flatMap(({ toEmbed }) => (toEmbed === undefined ? [] : [toEmbed]));
  if (texts.length === 0) return { complete: prepared.map(({ record }) => record) };
  call.require('embed:create');
  // Before the work of embedding: an unknown collection is refused.
  const expected = await store.read('describeCollection', { collection });
  const { vectors, modelDigest } = await embedTexts(embedder, call, { texts, expected });
  const embedded = vectors.values();
  const complete = prepared.map(({ record, toEmbed }): UpsertRecord =>
    toEmbed === undefined
      ? record
      : { ...record, vectors: embedded.next().value ?? [], isEmbedded: true },
  );
  return { complete, modelDigest };
}

function prepare({ id, text, metadata, ...given }: NewRecord): {
  readonly record: UpsertRecord;
  readonly toEmbed: string | undefined;
} {
  const vectors = toSupplied(given);
  const toEmbed = needsVector({ text, vectors }) ? text : undefined;
  return { record: { id, text, metadata, vectors }, toEmbed };
}

/** Whether a vector is to be made of its text. */
export function needsVector({
  text,
  vector,
  vectors = [],
}: Pick<NewRecord, 'text' | 'vector'> & {
  readonly vectors?: readonly unknown[] | undefined;
}): boolean {
  return vector === undefined && vectors.length === 0 && hasMeaning(text);
}
