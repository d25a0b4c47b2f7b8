import { RpcError } from '@locara/protocol/errors';
import type { FoundRecord, UpsertRecord } from '../../workers/store/ops/collection-ops.ts';
import type { ResultBudget } from '../database/result-budget.ts';
import type { StoredValue } from '../database/stored-value.ts';

const MAX_METADATA_BYTES = 256 * 1024;

/** A record from the columns id, text, metadata. */
export function toFoundRecord([id, text, metadata]: readonly StoredValue[]): FoundRecord {
  return {
    id: String(id),
    ...(typeof text === 'string' ? { text } : {}),
    ...(typeof metadata === 'string'
      ? { metadata: JSON.parse(metadata) as Record<string, unknown> }
      : {}),
  };
}

/** Counts the columns id, text, metadata as JSON on the wire. */
export function spendRecord(budget: ResultBudget, row: readonly StoredValue[]): void {
  const [id, text, metadata] = row.map((value) => (typeof value === 'string' ? value : ''));
  const json = metadata ?? '';
  budget.spend(
    64 + Buffer.byteLength(`${id ?? ''}${text ?? ''}${json}`),
    8 + json.split(',').length,
  );
}

/** The stored form of metadata; null without any. Throws PayloadTooLarge. */
export function toMetadataJson(metadata: UpsertRecord['metadata']): string | null {
  if (metadata === undefined) return null;
  const json = JSON.stringify(metadata);
  if (Buffer.byteLength(json) <= MAX_METADATA_BYTES) return json;
  throw new RpcError('PayloadTooLarge', "A record's metadata is too large.", {
    details: { limitBytes: MAX_METADATA_BYTES },
  });
}
