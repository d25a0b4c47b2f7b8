import type { Params, Result } from '@locara/protocol';
import { openPipeline } from '../privacy/pipeline/open-pipeline.ts';
import type { RunningPipeline } from '../privacy/pipeline/pipeline.ts';
import { toSteps } from '../privacy/pipeline/to-steps.ts';
import type { UpsertRecord } from '../workers/store/ops/collection-ops.ts';
import { redactRecords } from './redact-records.ts';
import { sealRecord } from './sealed-records.ts';
import { type CollectionsCall, embedRecords, upsertRecords } from './upsert-records.ts';

/** Stores records, redacted before anything sees them, with noise on their vectors, and sealed: as far as the pipeline says. */
export async function upsertPrivately(
  parts: CollectionsCall,
  { collection, records, pipeline }: Params<'collections.upsert'>,
): Promise<Result<'collections.upsert'>> {
  if (pipeline === undefined) return upsertRecords(parts, { collection, records });
  const { call, privacy } = parts;
  const { redact, dp, encrypt } = toSteps(pipeline);
  const steps = { redact, dp, encrypt };
  const running = await openPipeline(privacy, steps, { ...call, method: 'collections.upsert' });
  const redacted = await redactRecords(running, records);
  const { complete, modelDigest } = await embedRecords(parts, { collection, records: redacted });
  const noisy = dp === undefined ? complete : await addNoise(running, complete);
  const { seal } = running;
  const sealed =
    seal === undefined || encrypt === undefined
      ? noisy
      : noisy.map((record) => sealRecord(supplied(record), { ...encrypt, collection, seal }));
  const { upserted } = await parts.store.write('upsertRecords', {
    collection,
    records: sealed,
    modelDigest,
  });
  running.settle();
  return { upserted, privacy: running.effect() };
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
