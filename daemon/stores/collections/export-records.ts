import { RpcError } from '@locara/protocol/errors';
import type { StoredValue } from '../database/stored-value.ts';
import type { StoreOps } from '../../workers/store/ops.ts';
import { getCollection, type CollectionRow } from './collection-rows.ts';
import { RECORD_COLUMNS, recordsWithTexts, toFoundRecord } from './records.ts';
import type { CollectionParts } from './upsert.ts';
import { toF32 } from './vectors/vector-blob.ts';

/** About this much in one answer, and one record at least. */
const BATCH_CHARACTERS = 512 * 1024;
const BATCH_RECORDS = 1000;
/** In base64. */
const CHARACTERS_PER_FLOAT = 16 / 3;

/** The records behind a cursor, in the order in which they came, as JSON Lines. Throws InvalidParams for a strange cursor. */
export function exportRecords(
  { database, indexes }: CollectionParts,
  { collection: name, after, vectors: withVectors = false }: StoreOps['exportRecords']['params'],
): StoreOps['exportRecords']['result'] {
  const collection = getCollection(database, name);
  const from = after === undefined ? 0n : readCursor(collection, after);
  const rows = readRows({ database, indexes }, collection, { from, withVectors });
  const byVector = withVectors ? indexes.byVector(collection) : undefined;
  const lines = rows.map((row) => {
    const vectors = byVector?.vectorsOf(Number(row[3])) ?? [];
    return `${JSON.stringify({ ...toFoundRecord(row), ...toVectorFields(vectors) })}\n`;
  });
  return {
    jsonl: lines.join(''),
    records: lines.length,
    cursor: toCursor(collection, (rows.at(-1)?.[3] as bigint | undefined) ?? from),
    isLast: lines.length === 0,
  };
}

/** As many as make one answer. */
function readRows(
  { database }: CollectionParts,
  collection: CollectionRow,
  { from, withVectors }: { readonly from: bigint; readonly withVectors: boolean },
): (readonly StoredValue[])[] {
  const vectorCharacters = withVectors ? (collection.dimensions ?? 0) * CHARACTERS_PER_FLOAT : 0;
  const rows: (readonly StoredValue[])[] = [];
  let characters = 0;
  for (const row of database
    .prepare(
      `SELECT ${RECORD_COLUMNS}, r.vectors FROM ${recordsWithTexts(collection)}
       WHERE r.key > ? ORDER BY r.key LIMIT ?`,
    )
    .rows([from, BigInt(BATCH_RECORDS)])) {
    rows.push(row);
    const [id, text, metadata, , vectors] = row;
    for (const part of [id, text, metadata]) {
      characters += typeof part === 'string' ? part.length : 0;
    }
    characters += Number(vectors) * vectorCharacters;
    if (characters >= BATCH_CHARACTERS) break;
  }
  return rows;
}

function toVectorFields(vectors: readonly Float32Array[]): object {
  const wire = vectors.map(toF32);
  if (wire.length === 0) return {};
  return wire.length === 1 ? { vector: wire[0] } : { vectors: wire };
}

/** Of a collection and a place in it: one dropped and made again has other cursors. */
function toCursor({ id }: CollectionRow, key: bigint): string {
  return Buffer.from(`${id}:${key}`).toString('base64url');
}

function readCursor({ id }: CollectionRow, cursor: string): bigint {
  const [, of, key] = /^(\d{1,15}):(\d{1,18})$/.exec(
    Buffer.from(cursor, 'base64url').toString(),
  ) ?? ['', '', ''];
  if (of === String(id)) return BigInt(key);
  throw new RpcError('InvalidParams', 'The cursor is not one of this collection.', {
    details: { rule: 'cursor' },
  });
}
