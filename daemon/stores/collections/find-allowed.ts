import type { Filter } from '@locara/protocol';
import type { StoreDatabase } from '../database/database.ts';
import type { CollectionRow } from './collection-rows.ts';
import { recordsTable } from './collection-tables.ts';
import { compileFilter } from './filters/compile-filter.ts';
import { combine, condition } from './filters/condition.ts';
import { partitionsIn } from './filters/partition.ts';

/** What a filter lets through. */
export interface Allowed {
  /** Ascending. */
  readonly records: Float64Array;
  /** The partitions that were looked at; all records when absent. */
  readonly partition?: { readonly field: string; readonly values: number };
}

/** The records that a filter lets through; undefined without one. Throws InvalidParams. */
export function findAllowed(
  database: StoreDatabase,
  collection: CollectionRow,
  filter: Filter | undefined,
): Allowed | undefined {
  if (filter === undefined) return undefined;
  const { partitionBy } = collection;
  const partitions = partitionsIn(filter, partitionBy);
  const { sql, params } = combine(
    [
      ...(partitions === undefined
        ? []
        : [condition`r.partition IN (SELECT value FROM json_each(${JSON.stringify(partitions)}))`]),
      compileFilter(filter),
    ],
    'and',
  );
  const rows = database
    .prepare(`SELECT r.key FROM ${recordsTable(collection)} r WHERE ${sql} ORDER BY r.key`)
    .rows(params);
  const records = Float64Array.from(rows, ([key]) => Number(key));
  if (partitions === undefined || partitionBy === undefined) return { records };
  return { records, partition: { field: partitionBy, values: partitions.length } };
}
