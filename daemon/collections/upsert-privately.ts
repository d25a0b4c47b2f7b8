import { type Params, type Result, RpcError } from '@locara/protocol';
import { openPipeline } from '../privacy/pipeline/open-pipeline.ts';
import type { RunningPipeline } from '../privacy/pipeline/pipeline.ts';
import { toSteps } from '../privacy/pipeline/to-steps.ts';
import { MAX_METADATA_BYTES } from '../stores/collections/records.ts';
import { assertDimensions } from '../stores/collections/vector-rules.ts';
import type { CollectionState, UpsertRecord } from '../workers/store/ops/collection-ops.ts';
import { redactRecords } from './redact-records.ts';
import {
  estimateSealedBytes,
  ifStillSealedAs,
  sealedPartOf,
  sealRecord,
} from './sealed-records.ts';
import {
  type CollectionsCall,
  embedRecords,
  needsVector,
  type NewRecord,
  upsertRecords,
} from './upsert-records.ts';
import { toSupplied } from './wire-vectors.ts';

/** Stores records, redacted before anything sees them, with noise on their vectors, and sealed: as far as the pipeline says. */
export async function upsertPrivately(
  parts: CollectionsCall,
  { collection, records, pipeline }: Params<'collections.upsert'>,
): Promise<Result<'collections.upsert'>> {
  if (pipeline === undefined) return upsertRecords(parts, { collection, records });
  const { call, privacy, store } = parts;
  const { redact, dp, encrypt } = toSteps(pipeline);
  const steps = { redact, dp, encrypt };
  const running = await openPipeline(privacy, steps, { ...call, method: 'collections.upsert' });
  const state = await store.read('describeCollection', { collection });
  const given = records.flatMap((record) => toSupplied(record));
  assertTakes(state, given);
  if (given[0] !== undefined) {
    await running.assertReleasable({ dimensions: given[0].length, records: given.length });
  }
  if (encrypt !== undefined) assertKeepsPartition(state, encrypt.keep);
  const redacted = await redactRecords(running, records);
  if (encrypt !== undefined) assertSealable(redacted, encrypt.keep);
  // At least so many: of a long text there will be several.
  const count = given.length + redacted.filter(needsVector).length;
  const beforeWork = (dimensions: number): Promise<void> =>
    running.assertReleasable({ dimensions, records: count });
  const embedder: CollectionsCall['embedder'] = (request) =>
    parts.embedder({ ...request, beforeWork });
  const embedded = await embedRecords({ ...parts, embedder }, { collection, records: redacted });
  const { complete, modelDigest } = embedded;
  const plain = dp === undefined ? complete : await addNoise(running, complete);
  const write = (written: readonly UpsertRecord[]) =>
    store.write('upsertRecords', { collection, records: written, modelDigest });
  const { seal } = running;
  if (seal === undefined || encrypt === undefined) {
    const { upserted } = await write(plain);
    return { upserted, privacy: running.effect() };
  }
  const sealed: UpsertRecord[] = [];
  for (const record of plain) {
    sealed.push(await sealRecord(supplied(record), { ...encrypt, collection, seal }));
  }
  running.settle();
  const { upserted } = await write(sealed);
  const { database } = encrypt;
  // It was disabled meanwhile, and these records came too late to be made plain with the rest.
  const known = await privacy.keystore.getMetadata(call.session.appId, database);
  if (known?.enabled === false) await write(sealed.map((record, at) => replace(record, plain[at])));
  return { upserted, privacy: running.effect() };
}

/** Before a budget is charged for vectors that the collection does not take. */
function assertTakes(
  { dimensions, vectors }: CollectionState,
  given: readonly Float32Array[],
): void {
  const expected = vectors === 0 ? given[0]?.length : dimensions;
  for (const { length } of given) assertDimensions(length, expected);
}

/** Filters look for it there. Throws InvalidParams. */
function assertKeepsPartition({ partitionBy }: CollectionState, keep: readonly string[]): void {
  if (partitionBy === undefined || keep.includes(partitionBy)) return;
  throw new RpcError(
    'InvalidParams',
    'The field of `partitionBy` cannot be sealed: name it in `keep`.',
    { details: { rule: 'keep_partition', field: partitionBy } },
  );
}

/** Before it is embedded. Throws PayloadTooLarge. */
function assertSealable(records: readonly NewRecord[], keep: readonly string[]): void {
  const tooLarge = records.findIndex(
    (record) => estimateSealedBytes(record, keep) > MAX_METADATA_BYTES,
  );
  if (tooLarge < 0) return;
  throw new RpcError(
    'PayloadTooLarge',
    'A record is too large to be sealed: cut its text into several records.',
    { details: { rule: 'sealed_size', record: tooLarge, limitBytes: MAX_METADATA_BYTES } },
  );
}

/** Each vector is a record of its own to the budget: a long text that has several tells more. */
async function addNoise(
  running: RunningPipeline,
  records: readonly UpsertRecord[],
): Promise<UpsertRecord[]> {
  const all = records.flatMap(({ vectors = [] }) => vectors);
  const noisy = (await running.protectVectors(all)).values();
  const next = (): Float32Array => {
    const { done, value } = noisy.next();
    if (done === true) throw new Error('a vector came back without its noise');
    return value;
  };
  return records.map((record) =>
    supplied({
      ...record,
      vectors: (record.vectors ?? []).map(next),
    }),
  );
}

/** Its vectors cannot be made anew from its text: to the store they are as those that an app made itself. */
function supplied(record: UpsertRecord): UpsertRecord {
  return { ...record, isEmbedded: false };
}

function replace(sealed: UpsertRecord, plain: UpsertRecord | undefined): UpsertRecord {
  const envelope = sealedPartOf(sealed)?.envelope;
  return plain === undefined || envelope === undefined
    ? sealed
    : { ...supplied(plain), ifStill: ifStillSealedAs(envelope) };
}
