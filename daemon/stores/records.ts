import { RpcError } from '@locara/protocol/errors';
import type { FoundRecord, UpsertRecord } from '../workers/store/ops.ts';
import type { ResultBudget } from './result-budget.ts';
import type { StoredValue } from './sql-values.ts';

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

// Squares of 32-bit floats beyond these vanish or overflow, and one such record would spoil every search.
const SHORTEST_VECTOR = 1e-15;
const LONGEST_VECTOR = 1e15;

/** Throws InvalidParams for a vector whose direction cannot be told: not finite, zero or nearly, or huge. */
export function assertUsableVector(vector: Float32Array): void {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (length >= SHORTEST_VECTOR && length <= LONGEST_VECTOR) return;
  throw new RpcError('InvalidParams', 'A vector needs finite numbers and a length to compare.', {
    details: { rule: 'vector' },
  });
}

/** The stored form of a vector: 32-bit floats in little-endian order, as sqlite-vec reads them. */
export function toBlob(vector: Float32Array): Uint8Array {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

export function toFloats(blob: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(blob).buffer);
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
