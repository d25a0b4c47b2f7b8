import { setImmediate } from 'node:timers/promises';
import { type Chunk, LIMITS, type Params, type Result, RpcError } from '@locara/protocol';
import type { BlobStore } from '../blobs/blob-store.ts';
import { parseRecord, type LineRule } from './parse-record.ts';
import { type ByteSource, type Line, readLines } from './read-lines.ts';
import { type CollectionsCall, type NewRecord, upsertRecords } from './upsert-records.ts';

/** One transaction, one chunk, and what is done again after a failure. */
const BATCH_RECORDS = 200;
const BATCH_BYTES = 1024 * 1024;
/** What is read in one turn, in which the daemon serves nobody else. */
const TURN_LINES = 500;
const TURN_BYTES = 64 * 1024;

interface NumberedRecord {
  readonly record: NewRecord;
  /** From 1, where this call began. */
  readonly line: number;
  readonly offset: number;
  readonly nextOffset: number;
}

/**
 * Stores the records of a committed blob of JSON Lines, batch by batch: after any failure, all before the last
 * chunk's `offset` is in. A line that is no record, or one that the collection refuses, ends it with InvalidParams
 * `{line, rule, offset}`, and everything before that line is in.
 */
export async function* importRecords(
  parts: CollectionsCall & { readonly blobs: BlobStore },
  { collection, blob, offset: start }: Params<'collections.import'>,
): AsyncGenerator<Chunk<'collections.import'>, Result<'collections.import'>, void> {
  const { call, blobs, store } = parts;
  const key = { appId: call.session.appId, blob };
  const total = blobs.sizeOf(key);
  await store.read('describeCollection', { collection });
  const source: ByteSource = {
    read: async (offset, length) => (await blobs.read(key, { offset, length })).bytes,
  };
  let imported = 0;
  let offset = start;
  for await (const batch of readBatches(source, start)) {
    call.signal.throwIfAborted();
    imported += await storeBatch(parts, collection, batch.records);
    offset = batch.records.at(-1)?.nextOffset ?? offset;
    call.progress({ stage: 'running', completed: offset, total, unit: 'bytes' });
    if (batch.records.length > 0) yield { imported, offset };
    if (batch.broken !== undefined) throw badLine(batch.broken);
  }
  return { imported, offset: Math.max(start, total) };
}

/** Why and where a file cannot be read on. */
interface BrokenLine {
  readonly line: number;
  readonly rule: string;
  readonly offset: number;
}

interface Batch {
  readonly records: readonly NumberedRecord[];
  /** What comes behind them. */
  readonly broken?: BrokenLine;
}

async function* readBatches(source: ByteSource, start: number): AsyncGenerator<Batch, void, void> {
  let records: NumberedRecord[] = [];
  let bytes = 0;
  let number = 0;
  let turn = { lines: 0, bytes: 0 };
  const lines = readLines(source, { offset: start, maxBytes: LIMITS.maxMessageBytes });
  for await (const line of lines) {
    number += 1;
    turn = { lines: turn.lines + 1, bytes: turn.bytes + line.bytes.length };
    if (turn.lines >= TURN_LINES || turn.bytes >= TURN_BYTES) {
      await setImmediate();
      turn = { lines: 0, bytes: 0 };
    }
    if (isBlank(line)) continue;
    const record: NewRecord | LineRule = line.isTooLong ? 'line_length' : parseRecord(line.bytes);
    const { offset, nextOffset } = line;
    if (typeof record === 'string') {
      yield { records, broken: { line: number, rule: record, offset } };
      return;
    }
    records.push({ record, line: number, offset, nextOffset });
    bytes += line.bytes.length;
    if (records.length < BATCH_RECORDS && bytes < BATCH_BYTES) continue;
    yield { records };
    records = [];
    bytes = 0;
  }
  if (records.length > 0) yield { records };
}

/** Returns how many. A batch that is refused is tried again record by record, to find the one. */
async function storeBatch(
  parts: CollectionsCall,
  collection: string,
  batch: readonly NumberedRecord[],
): Promise<number> {
  if (batch.length === 0) return 0;
  const put = (records: readonly NewRecord[]) => upsertRecords(parts, { collection, records });
  try {
    return (await put(batch.map(({ record }) => record))).upserted;
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
  }
  for (const { record, line, offset } of batch) {
    try {
      await put([record]);
    } catch (error) {
      const rule = refusalOf(error);
      throw rule === undefined ? error : badLine({ line, rule, offset });
    }
  }
  return batch.length;
}

/** The rule that a record broke, when the record was the reason. */
function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof RpcError)) return undefined;
  if (error.reason === 'PayloadTooLarge') return 'metadata_size';
  if (error.reason !== 'InvalidParams') return undefined;
  const rule = error.details?.['rule'];
  return typeof rule === 'string' ? rule : 'record';
}

function badLine({ line, rule, offset }: BrokenLine): RpcError {
  return new RpcError(
    'InvalidParams',
    'A line cannot be imported; everything before it is in. Mend it, and go on from `details.offset`.',
    { details: { line, rule, offset } },
  );
}

function isBlank({ bytes }: Line): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09);
}
