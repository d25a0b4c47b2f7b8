import { RpcError } from '@locara/protocol/errors';
import { OWN_PREFIX } from '../database/guard/action-rules.ts';
import { forbidden, syntaxError } from '../database/store-errors.ts';
import { keywordOf, tokenizeSql, type SqlToken } from './sql-tokens.ts';

const MAX_SQL_CHARACTERS = 262_144;

const DATA_KEYWORDS = new Set([
  'SELECT',
  'WITH',
  'VALUES',
  'INSERT',
  'REPLACE',
  'UPDATE',
  'DELETE',
]);
const SCHEMA_KEYWORDS = new Set(['CREATE', 'ALTER', 'DROP']);
const CREATABLE = new Set(['TABLE', 'INDEX', 'VIEW', 'TRIGGER']);
const MODULES = new Set(['fts5', 'vec0']);

const FORBIDDEN_NAMES = new Set([
  'load_extension',
  'fts3_tokenizer',
  'fts3tokenize',
  'dbstat',
  'readfile',
  'writefile',
  'edit_file',
]);
const FORBIDDEN_PREFIXES = [OWN_PREFIX, 'sqlite3mc', 'pragma_', 'fts5vocab'];
/** Of SQLite's own names, those an app may read. */
const READABLE_SQLITE_NAMES = new Set([
  'sqlite_master',
  'sqlite_schema',
  'sqlite_sequence',
  'sqlite_version',
]);

/** A statement that may run. */
export interface GuardedStatement {
  readonly sql: string;
  /** `data` statements read or change rows, `schema` statements change tables. */
  readonly kind: 'data' | 'schema';
  /** True of DELETE and DROP, which must work in a full store. */
  readonly makesRoom: boolean;
  /** True when it makes a table of what a query finds. */
  readonly fillsTable: boolean;
  /** True when it numbers its parameters, as in `?2`. */
  readonly isNumbered: boolean;
}

/**
 * Lets one harmless statement pass, before SQLite sees it. Throws InvalidParams with `details.rule`
 * `sql_syntax` (unreadable, empty) or `sql_forbidden`. What passes must still go through `prepare`.
 */
export function guardStatement(sql: string): GuardedStatement {
  const statements = guardScript(sql);
  const [statement] = statements;
  if (statement === undefined) throw syntaxError('no statement');
  if (statements.length > 1) throw forbidden('more than one statement');
  return statement;
}

/** The same for a script: its statements, in order, every one of them guarded. */
export function guardScript(sql: string): GuardedStatement[] {
  if (sql.length > MAX_SQL_CHARACTERS) {
    throw new RpcError('PayloadTooLarge', 'The SQL is too long.', {
      details: { limitCharacters: MAX_SQL_CHARACTERS },
    });
  }
  const tokens = tokenizeSql(sql);
  if (tokens === undefined) throw syntaxError('unreadable text');
  return splitStatements(tokens).map((statement) => {
    const kind = checkStatement(statement);
    const [first] = statement;
    return {
      kind,
      fillsTable: isTableFromQuery(statement),
      makesRoom: ['DELETE', 'DROP'].includes(keywordOf(first)),
      sql: sql.slice(first?.start, statement.at(-1)?.end),
      isNumbered: statement.some((token) => token.kind === 'variable' && /^\?\d/.test(token.value)),
    };
  });
}

/** Cuts at `;`, but a trigger's body is part of its statement: that ends at `; END`. */
function splitStatements(tokens: readonly SqlToken[]): SqlToken[][] {
  const statements: SqlToken[][] = [];
  let current: SqlToken[] = [];
  for (const token of tokens) {
    const isSeparator = token.kind === 'operator' && token.value === ';';
    if (!isSeparator || (isTrigger(current) && !endsTrigger(current))) {
      current.push(token);
      continue;
    }
    if (current.length > 0) statements.push(current);
    current = [];
  }
  if (current.length > 0) statements.push(current);
  return statements;
}

function isTrigger(statement: readonly SqlToken[]): boolean {
  return (
    keywordOf(statement[0]) === 'CREATE' &&
    statement.slice(1, 3).some((token) => keywordOf(token) === 'TRIGGER')
  );
}

function endsTrigger(statement: readonly SqlToken[]): boolean {
  return keywordOf(statement.at(-1)) === 'END' && statement.at(-2)?.value === ';';
}

/** `CREATE TABLE … AS SELECT`: the only statement about tables that runs a query. */
function isTableFromQuery(statement: readonly SqlToken[]): boolean {
  if (keywordOf(statement[0]) !== 'CREATE' || keywordOf(statement[1]) !== 'TABLE') return false;
  let depth = 0;
  return statement.some((token) => {
    if (token.kind === 'operator' && token.value === '(') depth += 1;
    if (token.kind === 'operator' && token.value === ')') depth -= 1;
    return depth === 0 && keywordOf(token) === 'AS';
  });
}

function checkStatement(statement: readonly SqlToken[]): GuardedStatement['kind'] {
  const keyword = keywordOf(statement[0]);
  const isSchema = SCHEMA_KEYWORDS.has(keyword);
  if (!isSchema && !DATA_KEYWORDS.has(keyword)) throw forbidden('this kind of statement');
  if (keyword === 'CREATE') checkCreate(statement);
  for (const token of statement) {
    if (isForbiddenName(token)) throw forbidden('a reserved name; bind text as a parameter');
  }
  return isSchema ? 'schema' : 'data';
}

function checkCreate(statement: readonly SqlToken[]): void {
  let next = 1;
  const keywordAt = (index: number): string => keywordOf(statement[index]);
  if (keywordAt(next) === 'VIRTUAL') {
    const using = statement.findIndex((token) => keywordOf(token) === 'USING');
    const module = statement[using + 1]?.value.toLowerCase() ?? '';
    if (keywordAt(next + 1) !== 'TABLE' || using < 0 || !MODULES.has(module)) {
      throw forbidden('this module');
    }
    next += 1;
  } else if (keywordAt(next) === 'UNIQUE') next += 1;
  if (!CREATABLE.has(keywordAt(next))) throw forbidden('creating this');
  next += 1;
  if (keywordAt(next) === 'IF') next += 3;
  const isTemporary =
    statement[next]?.value.toLowerCase() === 'temp' && statement[next + 1]?.value === '.';
  if (isTemporary) throw forbidden('temporary objects');
}

// A quoted text is checked too: SQLite accepts 'name' where it expects a table.
function isForbiddenName({ kind, value }: SqlToken): boolean {
  if (kind !== 'word' && kind !== 'name' && kind !== 'text') return false;
  const name = value.toLowerCase();
  return (
    FORBIDDEN_NAMES.has(name) ||
    FORBIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix)) ||
    (name.startsWith('sqlite_') && !READABLE_SQLITE_NAMES.has(name))
  );
}
