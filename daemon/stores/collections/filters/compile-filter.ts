import type { Filter } from '@locara/protocol';
import { compileField } from './compile-field.ts';
import { combine, condition, type Condition } from './condition.ts';
import { refusedFilter } from './refused-filter.ts';

const MAX_DEPTH = 16;
const MAX_NODES = 256;

/**
 * Compiles a filter to a condition over `r.metadata`. Values compare within their own type (text in code point
 * order); `eq` and `in` also match where the field is an array that holds such a scalar; a field that is absent
 * matches `exists:false` alone. `and`, `or` and `not` are never field names. Throws InvalidParams with
 * `details.rule` `filter`.
 */
export function compileFilter(filter: Filter): Condition {
  let nodes = 0;
  const visit = (node: Filter, depth: number): Condition => {
    if (depth > MAX_DEPTH) throw refusedFilter('too deep');
    return combine(
      Object.entries(node).map(([name, value]) => {
        nodes += 1;
        if (nodes > MAX_NODES) throw refusedFilter('too many conditions');
        if (name === 'and' || name === 'or') {
          return combine(
            asList(value).map((part) => visit(asFilter(part), depth + 1)),
            name,
          );
        }
        if (name === 'not') return condition`NOT ${visit(asFilter(value), depth + 1)}`;
        return compileField(name, asFilter(value));
      }),
      'and',
    );
  };
  return visit(filter, 0);
}

function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw refusedFilter('and/or take a list of filters');
}

function asFilter(value: unknown): Filter {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Filter;
  throw refusedFilter('an object is expected');
}
