import type { Filter } from '@locara/protocol';
import { RpcError } from '@locara/protocol/errors';
import type { UpsertRecord } from '../../../workers/store/ops/collection-ops.ts';
import { isScalar, type Scalar } from './compile-field.ts';

/** The stored partition of a record: its scalar as JSON; null without one. Throws InvalidParams for no scalar. */
export function partitionOf(
  metadata: UpsertRecord['metadata'],
  field: string | undefined,
): string | null {
  if (field === undefined || metadata === undefined || !Object.hasOwn(metadata, field)) return null;
  const value = metadata[field];
  if (isScalar(value)) return toPartition(value);
  throw new RpcError('InvalidParams', 'The field of `partitionBy` holds one scalar, or nothing.', {
    details: { rule: 'partition' },
  });
}

/**
 * The stored partitions that a filter keeps to: those it names by `eq` or `in` for the field, at its top or
 * inside an `and` there. Undefined where it fixes none.
 */
export function partitionsIn(
  filter: Filter | undefined,
  field: string | undefined,
): readonly string[] | undefined {
  if (filter === undefined || field === undefined) return undefined;
  const own = Object.hasOwn(filter, field) ? valuesOf(filter[field]) : undefined;
  if (own !== undefined) return own.map(toPartition);
  const parts: unknown = filter['and'];
  if (!Array.isArray(parts)) return undefined;
  // Deep ones are refused elsewhere; here the first level is enough.
  for (const part of parts as readonly unknown[]) {
    const values = isObject(part) && Object.hasOwn(part, field) ? valuesOf(part[field]) : undefined;
    if (values !== undefined) return values.map(toPartition);
  }
  return undefined;
}

function valuesOf(operators: unknown): readonly Scalar[] | undefined {
  if (!isObject(operators)) return undefined;
  const { eq, in: oneOf } = operators;
  if (eq !== undefined && isScalar(eq)) return [eq];
  return Array.isArray(oneOf) && oneOf.every(isScalar) ? oneOf : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One spelling for each value: 1 and 1.0 are one number, and 0 is -0. */
function toPartition(value: Scalar): string {
  return JSON.stringify(value);
}
