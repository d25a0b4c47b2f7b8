import type { StoredValue } from '../../database/stored-value.ts';

/** A piece of SQL, with every name and value of an app's as a parameter. */
export interface Condition {
  readonly sql: string;
  readonly params: readonly StoredValue[];
}

/** Writes a condition: values become parameters, conditions are put in as they are. */
export function condition(
  texts: TemplateStringsArray,
  ...parts: readonly (Condition | Exclude<StoredValue, Uint8Array | null>)[]
): Condition {
  const [first = '', ...rest] = texts;
  let sql = first;
  const params: StoredValue[] = [];
  for (const [index, part] of parts.entries()) {
    const isCondition = typeof part === 'object';
    sql += (isCondition ? part.sql : '?') + (rest[index] ?? '');
    if (isCondition) params.push(...part.params);
    else params.push(part);
  }
  return { sql, params };
}

/** Of none, `and` is true and `or` is false. */
export function combine(parts: readonly Condition[], operator: 'and' | 'or'): Condition {
  if (parts.length === 0) return operator === 'and' ? condition`1` : condition`0`;
  return {
    sql: `(${parts.map(({ sql }) => sql).join(` ${operator.toUpperCase()} `)})`,
    params: parts.flatMap(({ params }) => params),
  };
}
