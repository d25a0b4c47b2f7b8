import { isRecord } from './is-record.ts';
import type { GrammarSchema } from './grammar-schema.ts';

/** Of the characters of a string: as it is, escaped, or its end. */
const STRING_CHOICES = 3;

/**
 * How many ways a text of the schema may go on at once, at most. The engine compares every token of its vocabulary
 * with each of them, and every text of the model waits for that.
 */
export function countChoices(schema: GrammarSchema): number {
  const { oneOf, items, prefixItems, properties } = schema;
  if (Array.isArray(oneOf)) return sum(oneOf.filter(isRecord).map(countChoices));
  if (Array.isArray(schema['enum'])) return schema['enum'].length;
  if (isRecord(properties)) {
    const members = Object.values(properties).filter(isRecord);
    return Math.max(members.length, 1, ...members.map(countChoices));
  }
  const inner = [items, prefixItems].flat().filter(isRecord);
  return Math.max(STRING_CHOICES, ...inner.map(countChoices));
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
