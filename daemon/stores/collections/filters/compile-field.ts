import type { Filter } from '@locara/protocol';
import { combine, condition, type Condition } from './condition.ts';
import { refusedFilter } from './refused-filter.ts';

const RANGES = {
  gt: condition`>`,
  gte: condition`>=`,
  lt: condition`<`,
  lte: condition`<=`,
} as const;
const TEXT = condition`'text'`;
const NUMBER = condition`'integer', 'real'`;

/** What a filter compares with. */
export type Scalar = string | number | boolean | null;

/** A value inside some metadata: its type by JSON's names (NULL when it is absent), and itself. */
interface Operand {
  readonly type: Condition;
  readonly value: Condition;
}

/** What one field must be. No part of it is ever NULL, so that NOT turns it around. */
export function compileField(name: string, operators: Filter): Condition {
  const given = Object.entries(operators).filter(([, value]) => value !== undefined);
  if (given.length === 0) throw refusedFilter('a field needs an operator');
  const path = pathOf(name);
  return combine(
    given.map(([operator, value]) => compileOperator(path, operator, value)),
    'and',
  );
}

/** In the words of SQLite's JSON functions; quoted like this, a name is never more than a name. */
function pathOf(name: string): string {
  return `$.${JSON.stringify(name)}`;
}

function compileOperator(path: string, operator: string, value: unknown): Condition {
  const field: Operand = {
    type: condition`json_type(r.metadata, ${path})`,
    value: condition`json_extract(r.metadata, ${path})`,
  };
  if (operator === 'exists' && typeof value === 'boolean') {
    return value ? condition`(${field.type} IS NOT NULL)` : condition`(${field.type} IS NULL)`;
  }
  if (operator === 'eq' && isScalar(value)) return compileOneOf(path, field, [value]);
  if (operator === 'in' && isScalarList(value)) return compileOneOf(path, field, value);
  if (!Object.hasOwn(RANGES, operator)) throw refusedFilter('unknown operator');
  if (typeof value !== 'string' && typeof value !== 'number') throw refusedFilter('not comparable');
  const sign = RANGES[operator as keyof typeof RANGES];
  const types = typeof value === 'string' ? TEXT : NUMBER;
  return condition`CASE WHEN ${field.type} IN (${types}) THEN ${field.value} ${sign} ${toParameter(value)} ELSE 0 END`;
}

function compileOneOf(path: string, field: Operand, values: readonly Scalar[]): Condition {
  const element: Operand = { type: condition`e.type`, value: condition`e.value` };
  return condition`CASE ${field.type}
    WHEN 'array' THEN EXISTS (SELECT 1 FROM json_each(r.metadata, ${path}) e
                              WHERE ${matchesOneOf(element, values)} = 1)
    ELSE ${matchesOneOf(field, values)} END`;
}

/** By type first: JSON's `true` is 1 to SQLite, and an object is its text. */
function matchesOneOf({ type, value }: Operand, values: readonly Scalar[]): Condition {
  const texts = values.filter((wanted) => typeof wanted === 'string');
  const numbers = values.filter((wanted) => typeof wanted === 'number');
  const cases = [
    ...(texts.length === 0 ? [] : [condition`WHEN 'text' THEN ${isOneOf(value, texts)}`]),
    ...(numbers.length === 0
      ? []
      : ['integer', 'real'].map((name) => condition`WHEN ${name} THEN ${isOneOf(value, numbers)}`)),
    ...[true, false, null]
      .filter((wanted) => values.includes(wanted))
      .map((wanted) => condition`WHEN ${String(wanted)} THEN 1`),
  ];
  if (cases.length === 0) return condition`0`;
  const all = {
    sql: cases.map(({ sql }) => sql).join(' '),
    params: cases.flatMap((one) => one.params),
  };
  return condition`CASE ${type} ${all} ELSE 0 END`;
}

function isOneOf(value: Condition, wanted: readonly (string | number)[]): Condition {
  const [only] = wanted;
  return wanted.length === 1 && only !== undefined
    ? condition`${value} = ${toParameter(only)}`
    : condition`${value} IN (SELECT value FROM json_each(${JSON.stringify(wanted)}))`;
}

/**
 * A whole number beyond 2^53 is in the metadata by its shortest digits, which SQLite reads as an integer of 64 bits;
 * the float that they stand for is another number.
 */
function toParameter(wanted: string | number): string | number | bigint {
  const isRounded = Number.isInteger(wanted) && !Number.isSafeInteger(wanted);
  return isRounded && Math.abs(Number(wanted)) < 2 ** 63 ? BigInt(String(wanted)) : wanted;
}

function isScalarList(value: unknown): value is readonly Scalar[] {
  return Array.isArray(value) && value.every(isScalar);
}

export function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
