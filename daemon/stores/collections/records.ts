import { RpcError } from '@locara/protocol/errors';
import { LIMITS } from '@locara/protocol/limits';
import { parseJson } from '@locara/protocol/parse-json';
import type { FoundRecord, UpsertRecord } from '../../workers/store/ops/collection-ops.ts';
import type { StoreDatabase } from '../database/database.ts';
import type { ResultBudget } from '../database/result-budget.ts';
import type { StoredValue } from '../database/stored-value.ts';
import type { CollectionRow } from './collection-rows.ts';
import { recordsTable, textsTable } from './collection-tables.ts';

export const MAX_METADATA_BYTES = 256 * 1024;

/** Columns of `recordsWithTexts`, in order; `toFoundRecord` reads the first three. */
export const RECORD_COLUMNS = 'r.id, t.text, json(r.metadata), r.key';

/** Records `r` with their texts `t`, to be narrowed by a condition. */
export function recordsWithTexts(collection: Pick<CollectionRow, 'id'>): string {
  return `${recordsTable(collection)} r LEFT JOIN ${textsTable(collection)} t ON t.key = r.key`;
}

/** What is stored of a record beside its vectors. */
export interface StoredRecord {
  readonly key: number;
  readonly text: string | undefined;
  readonly vectors: number;
  readonly isSupplied: boolean;
}

export function findRecord(
  database: StoreDatabase,
  collection: CollectionRow,
): (id: string) => StoredRecord | undefined {
  const find = database.prepare(
    `SELECT r.key, t.text, r.vectors, r.is_supplied FROM ${recordsWithTexts(collection)} WHERE r.id = ?`,
  );
  return (id) => {
    const [row] = find.rows([id]);
    if (row === undefined) return undefined;
    const [key, text, vectors, isSupplied] = row;
    return {
      key: Number(key),
      text: typeof text === 'string' ? text : undefined,
      vectors: Number(vectors),
      isSupplied: Number(isSupplied) === 1,
    };
  };
}

/** Whether the stored record has the text that `ifStill` names in its metadata. */
export function isStill(
  database: StoreDatabase,
  collection: CollectionRow,
  { id, ifStill }: UpsertRecord,
): boolean {
  if (ifStill === undefined) return true;
  const path = ['$', ...ifStill.path.map((name) => JSON.stringify(name))].join('.');
  const [row] = database
    .prepare(`SELECT json_extract(metadata, ?) FROM ${recordsTable(collection)} WHERE id = ?`)
    .rows([path, id]);
  return row?.[0] === ifStill.text;
}

/** A record from the first of `RECORD_COLUMNS`. */
export function toFoundRecord([id, text, metadata]: readonly StoredValue[]): FoundRecord {
  return {
    id: String(id),
    ...(typeof text === 'string' ? { text } : {}),
    ...(typeof metadata === 'string'
      ? { metadata: parseJson(metadata) as Record<string, unknown> }
      : {}),
  };
}

/** Counts the first of `RECORD_COLUMNS` as JSON on the wire. */
export function spendRecord(budget: ResultBudget, row: readonly StoredValue[]): void {
  const [id, text, metadata] = row.map((value) => (typeof value === 'string' ? value : ''));
  const json = metadata ?? '';
  budget.spend(
    64 + Buffer.byteLength(`${id ?? ''}${text ?? ''}${json}`),
    8 + json.split(',').length,
  );
}

/** The JSON of metadata; null without any. Throws PayloadTooLarge, and InvalidParams for a depth no message has. */
export function toMetadataJson(metadata: UpsertRecord['metadata']): string | null {
  if (metadata === undefined) return null;
  if (isDeeperThan(metadata, LIMITS.maxMessageDepth)) {
    throw new RpcError('InvalidParams', 'The metadata is nested too deeply.', {
      details: { rule: 'metadata_depth', limit: LIMITS.maxMessageDepth },
    });
  }
  const json = JSON.stringify(metadata);
  if (Buffer.byteLength(json) <= MAX_METADATA_BYTES) return json;
  throw new RpcError('PayloadTooLarge', "A record's metadata is too large.", {
    details: { limitBytes: MAX_METADATA_BYTES },
  });
}

function isDeeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  return Object.values(value).some((child) => isDeeperThan(child, limit - 1));
}
