import type { Chunk, Params, Result } from '@locara/protocol';
import type { CollectionsCall } from './upsert-records.ts';

/** A message doubles quotes and backslashes, and takes three bytes for most other characters. */
const MAX_PIECE_CHARACTERS = 512 * 1024;

/** All records as JSON Lines, read a batch at a time; a record too long for one piece is cut into several. */
export async function* exportRecords(
  { store }: CollectionsCall,
  { collection, after, vectors }: Params<'collections.export'>,
): AsyncGenerator<Chunk<'collections.export'>, Result<'collections.export'>, void> {
  let cursor = after;
  let records = 0;
  for (;;) {
    const batch = await store.read('exportRecords', { collection, after: cursor, vectors });
    if (batch.isLast) return { records, ...(cursor === undefined ? {} : { cursor }) };
    cursor = batch.cursor;
    records += batch.records;
    const pieces = [...cutText(batch.jsonl)];
    const last = pieces.pop() ?? '';
    for (const jsonl of pieces) yield { jsonl, records: 0 };
    yield { jsonl: last, records: batch.records, cursor };
  }
}

function* cutText(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    const end = from + MAX_PIECE_CHARACTERS;
    const to = isLead(text.charCodeAt(end - 1)) && end < text.length ? end - 1 : end;
    yield text.slice(from, to);
    from = to;
  }
}

/** The first unit of a character that has two. */
function isLead(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
