import type { Filter } from '@locara/protocol';
import { RpcError } from '@locara/protocol/errors';
import type { StoredValue } from '../database/stored-value.ts';

const MAX_DEPTH = 16;
const MAX_NODES = 256;

/** A condition over the column `r.metadata`, with every name and value of the filter as a parameter. */
export interface CompiledFilter {
  readonly sql: string;
  readonly params: readonly StoredValue[];
}

const RANGES = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;
type Scalar = string | number | boolean | null;

/**
 * Compiles a filter. Values compare within their own type (text in code point order); a field that is
 * absent matches `exists:false` alone. `and`, `or` and `not` are never field names. Throws
 * InvalidParams with `details.rule` `filter`.
 */
export function compileFilter(filter: Filter): CompiledFilter {
  let nodes = 0;
  const visit = (node: Filter, depth: number): CompiledFilter => {
    if (depth > MAX_DEPTH) throw refused('too deep');
    return combine(
      Object.entries(node).map(([name, value]) => {
        nodes += 1;
        if (nodes > MAX_NODES) throw refused('too many conditions');
        if (name === 'and' || name === 'or') {
          if (!Array.isArray(value)) throw refused('and/or take a list of filters');
          const parts = (value as unknown[]).map((part) => visit(asFilter(part), depth + 1));
          return combine(parts, name);
        }
        if (name === 'not') {
          const { sql, params } = visit(asFilter(value), depth + 1);
          return { sql: `NOT ${sql}`, params };
        }
        return compileField(name, asFilter(value));
      }),
      'and',
    );
  };
  return visit(filter, 0);
}

function combine(parts: readonly CompiledFilter[], operator: 'and' | 'or'): CompiledFilter {
  if (parts.length === 0) return { sql: operator === 'and' ? '1' : '0', params: [] };
  return {
    sql: `(${parts.map(({ sql }) => sql).join(` ${operator.toUpperCase()} `)})`,
    params: parts.flatMap(({ params }) => params),
  };
}

function compileField(name: string, condition: Filter): CompiledFilter {
  const operators = Object.entries(condition).filter(([, value]) => value !== undefined);
  if (operators.length === 0) throw refused('a field needs an operator');
  return combine(
    operators.map(([operator, value]) => {
      if (operator === 'exists' && typeof value === 'boolean') {
        const { sql, params } = fieldMatches(name, { sql: '1', params: [] });
        return { sql: value ? sql : `NOT ${sql}`, params };
      }
      return fieldMatches(name, compileOperator(operator, value));
    }),
    'and',
  );
}

function fieldMatches(name: string, condition: CompiledFilter): CompiledFilter {
  return {
    sql: `EXISTS (SELECT 1 FROM json_each(r.metadata) f WHERE f.key = ? AND ${condition.sql})`,
    params: [name, ...condition.params],
  };
}

function compileOperator(operator: string, value: unknown): CompiledFilter {
  if (operator === 'eq' && isScalar(value)) return compileOneOf([value]);
  if (operator === 'in' && Array.isArray(value) && value.every(isScalar))
    return compileOneOf(value);
  if (!Object.hasOwn(RANGES, operator)) throw refused('unknown operator');
  if (typeof value !== 'string' && typeof value !== 'number') throw refused('not comparable');
  const sign = RANGES[operator as keyof typeof RANGES];
  const types = typeof value === 'string' ? "'text'" : "'integer', 'real'";
  return { sql: `(f.type IN (${types}) AND f.value ${sign} ?)`, params: [value] };
}

function compileOneOf(values: readonly Scalar[]): CompiledFilter {
  const texts = values.filter((value) => typeof value === 'string');
  const numbers = values.filter((value) => typeof value === 'number');
  const others = values.filter((value) => typeof value === 'boolean' || value === null);
  const list = '(SELECT value FROM json_each(?))';
  const sql = `((f.type = 'text' AND f.value IN ${list})
    OR (f.type IN ('integer', 'real') AND f.value IN ${list})
    OR f.type IN ${list})`;
  return { sql, params: [texts, numbers, others.map(String)].map((part) => JSON.stringify(part)) };
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function asFilter(value: unknown): Filter {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Filter;
  throw refused('an object is expected');
}

function refused(problem: string): RpcError {
  return new RpcError('InvalidParams', `The filter is not valid: ${problem}.`, {
    details: { rule: 'filter' },
  });
}
