import { isBase64, MAX_SQL_PARAMS } from './values.ts';

export const MAX_SQL_LENGTH = 262_144;
export const MAX_STATEMENTS = 10_000;

/*
 * What most SQL looks like on the wire, recognised without its schema: a message may hold 65,536 values, and the
 * daemon serves nobody else while it looks at them. Each check accepts a part of what the schema accepts and leaves
 * unchanged; all the rest, wrong or merely unusual, is the schema's to judge.
 */

export function acceptsBatch(params: unknown): boolean {
  if (!isPlainObject(params) || !hasOnlyKeys(params, ['statements'])) return false;
  const { statements } = params;
  return (
    Array.isArray(statements) &&
    statements.length >= 1 &&
    statements.length <= MAX_STATEMENTS &&
    everyItem(statements, isStatement)
  );
}

export function acceptsBatchResult(result: unknown): boolean {
  if (!isPlainObject(result) || !hasOnlyKeys(result, ['results'])) return false;
  return Array.isArray(result['results']) && everyItem(result['results'], isExecuted);
}

export function acceptsRows(result: unknown): boolean {
  if (!isPlainObject(result) || !hasOnlyKeys(result, ['rows', 'cursor', 'changed'])) return false;
  const { rows, cursor, changed } = result;
  return (
    (cursor === undefined || typeof cursor === 'string') &&
    (changed === undefined || changed === true) &&
    Array.isArray(rows) &&
    everyItem(rows, isRow)
  );
}

function isStatement(statement: unknown): boolean {
  if (!isPlainObject(statement) || !hasOnlyKeys(statement, ['sql', 'params'])) return false;
  const { sql, params } = statement;
  return (
    typeof sql === 'string' &&
    sql.length >= 1 &&
    sql.length <= MAX_SQL_LENGTH &&
    sql.isWellFormed() &&
    (params === undefined || isParamList(params))
  );
}

function isParamList(params: unknown): boolean {
  return Array.isArray(params) && params.length <= MAX_SQL_PARAMS && everyItem(params, isValue);
}

function isExecuted(executed: unknown): boolean {
  return (
    isPlainObject(executed) &&
    hasOnlyKeys(executed, ['changes', 'lastInsertRowid']) &&
    Number.isSafeInteger(executed['changes']) &&
    Number.isSafeInteger(executed['lastInsertRowid'])
  );
}

function isRow(row: unknown): boolean {
  if (!isPlainObject(row)) return false;
  for (const key in row) if (key === '__proto__' || !isValue(row[key])) return false;
  return true;
}

function isValue(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'object') return value === null || isBytes(value);
  return typeof value === 'boolean';
}

function isBytes(value: object): boolean {
  if (!isPlainObject(value) || !hasOnlyKeys(value, ['base64'])) return false;
  const { base64 } = value;
  return typeof base64 === 'string' && isBase64(base64);
}

/** Made by JSON or by a structured clone, which know no getters and no inherited keys. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

function hasOnlyKeys(value: object, keys: readonly string[]): boolean {
  for (const key in value) if (!keys.includes(key)) return false;
  return true;
}

/** Unlike `every`, it sees the holes of an array. */
function everyItem(items: readonly unknown[], accepts: (item: unknown) => boolean): boolean {
  for (const item of items) if (!accepts(item)) return false;
  return true;
}
