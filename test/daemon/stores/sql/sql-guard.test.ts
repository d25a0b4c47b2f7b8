import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { guardScript, guardStatement } from '../../../../daemon/stores/sql/sql-guard.ts';
import { refusalOf } from '../../../support/temporary-store.ts';

const ruleOf = (sql: string): unknown => refusalOf(() => guardStatement(sql)).details?.['rule'];

const ALLOWED = [
  'SELECT 1',
  'select 1;',
  ' ;; /* hello */ -- there\n\uFEFF SELECT 1 ;;',
  'WITH x(a) AS (SELECT 1) SELECT a FROM x',
  'VALUES (1), (2)',
  "INSERT INTO notes (body) VALUES ('; ATTACH x')",
  'REPLACE INTO notes VALUES (\'it\'\'s\', "a""b", [c d], `e`)',
  'UPDATE notes SET temp = temp + 1 WHERE t.temp > :temp AND a = ?1 AND b = @b AND c = $c',
  'DELETE FROM notes WHERE vacuum = 1',
  'CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, pragma TEXT)',
  'CREATE UNIQUE INDEX i ON notes (body)',
  'CREATE VIEW v AS SELECT 1',
  'CREATE TRIGGER t AFTER INSERT ON notes BEGIN UPDATE notes SET a = CASE WHEN 1 THEN 2 END; DELETE FROM x; END',
  'CREATE VIRTUAL TABLE f USING fts5 (body)',
  'CREATE VIRTUAL TABLE IF NOT EXISTS f USING "VEC0" (e float[4])',
  'ALTER TABLE notes ADD COLUMN x',
  'DROP TABLE notes',
  'SELECT name FROM sqlite_schema',
  "SELECT 1e-5, 0xFF, .5, 1_000, x'ff', a->>'$.b', a || b, a <> b, ~a",
];

const FORBIDDEN = [
  "ATTACH '/tmp/x.db' AS x",
  "attach database 'x' as y key ''",
  "AtTaCh 'x' AS y",
  "/**/ATTACH/**/ 'x' AS y",
  "-- SELECT\nATTACH 'x' AS y",
  "\uFEFFATTACH 'x' AS y",
  ";;; ATTACH 'x' AS y",
  "\t\n\f\r ATTACH 'x' AS y",
  "/* ; */ ; -- x\n /* */ ATTACH 'x' AS y",
  'DETACH x',
  'VACUUM',
  "VACUUM INTO '/tmp/out.db'",
  'PRAGMA key',
  "PRAGMA rekey = 'x'",
  'PRAGMA max_page_count = 1000000',
  'EXPLAIN SELECT 1',
  "EXPLAIN ATTACH 'x' AS y",
  'BEGIN',
  'COMMIT',
  'END',
  'ROLLBACK',
  'SAVEPOINT a',
  'RELEASE a',
  'REINDEX',
  'ANALYZE',
  'SELECT 1; SELECT 2',
  "SELECT 1; ATTACH 'x' AS y",
  "SELECT 1;;ATTACH 'x' AS y",
  "SELECT ';' /* ' */ ; ATTACH 'x' AS y",
  "CREATE TRIGGER t AFTER INSERT ON n BEGIN SELECT 1; END; ATTACH 'x' AS y",
  "CREATE TABLE trigger_x (a); ATTACH 'x' AS y",
  '"SELECT" 1',
  '(SELECT 1)',
  "SELECT load_extension('x')",
  'SELECT "load_extension"(\'x\')',
  "SELECT [LOAD_EXTENSION]('x')",
  "SELECT `load_extension`('x')",
  "SELECT load_extension /* */ ('x')",
  "SELECT fts3_tokenizer('x')",
  "SELECT sqlite3mc_config('cipher')",
  "SELECT sqlite3mc_codec_data('main')",
  "SELECT * FROM pragma_table_info('x')",
  'SELECT * FROM "pragma_database_list"',
  "SELECT * FROM 'pragma_key'",
  'SELECT * FROM dbstat',
  'SELECT * FROM main.dbstat',
  "SELECT writefile('/tmp/x', 'y')",
  "SELECT readfile('/etc/passwd')",
  'SELECT * FROM locara_migrations',
  'SELECT * FROM "locara_migrations"',
  "SELECT * FROM 'locara_migrations'",
  'SELECT * FROM [Locara_Records_1]',
  'DROP TABLE main.locara_collections',
  'ALTER TABLE notes RENAME TO locara_x',
  'CREATE VIRTUAL TABLE f USING fts5 (text, content=locara_records_1)',
  'CREATE VIRTUAL TABLE f USING fts5vocab (x, row)',
  'CREATE VIRTUAL TABLE f USING dbstat',
  'CREATE VIRTUAL TABLE f USING rtree (id, a, b)',
  'CREATE VIRTUAL TABLE f USING csv (filename=x)',
  'CREATE VIRTUAL TABLE "using" AS fts5',
  'CREATE VIRTUAL TABLE f',
  'CREATE TEMP TABLE x (a)',
  'CREATE TEMPORARY VIEW v AS SELECT 1',
  'CREATE TABLE temp.x (a)',
  'CREATE TABLE IF NOT EXISTS "temp".x (a)',
  'SELECT * FROM sqlite_dbpage',
  'SELECT * FROM sqlite_temp_master',
  'CREATE FUNCTION x',
];

describe('the SQL guard', () => {
  test.each(ALLOWED)('lets pass: %s', (sql) => {
    expect(guardStatement(sql).sql).not.toBe('');
  });

  test.each(FORBIDDEN)('refuses: %s', (sql) => {
    expect(ruleOf(sql)).toBe('sql_forbidden');
  });

  test.each([
    '',
    ' ;; ',
    '-- only a comment',
    "SELECT 'open",
    'SELECT "open',
    'SELECT /* open',
    'SELECT \0 1',
    'SELECT \v 1',
    'SELECT [a',
  ])('calls unreadable: %j', (sql) => {
    expect(ruleOf(sql)).toBe('sql_syntax');
  });

  test('says nothing of the SQL in its refusal', () => {
    const { message, details } = refusalOf(() => guardStatement("ATTACH 'canary' AS c"));
    expect(JSON.stringify({ message, details })).not.toContain('canary');
  });

  test('refuses a very long statement by its length', () => {
    expect(refusalOf(() => guardStatement(`SELECT ${'1,'.repeat(200_000)}1`)).reason).toBe(
      'PayloadTooLarge',
    );
  });

  test('splits a script at its statements, not inside a trigger or a text', () => {
    const script = `CREATE TABLE a (x); CREATE TRIGGER t AFTER INSERT ON a BEGIN
      UPDATE a SET x = CASE x WHEN 1 THEN 2 END; DELETE FROM a; END; INSERT INTO a VALUES (';')`;
    expect(guardScript(script).map(({ kind }) => kind)).toEqual(['schema', 'schema', 'data']);
  });

  test('is not fooled by any mix of skipped text, case and quotes', () => {
    const skipped = fc
      .array(
        fc.constantFrom(
          ' ',
          '\n',
          '\t',
          '\r',
          '\f',
          ';',
          '\uFEFF',
          '--x\n',
          '/* SELECT */',
          "/*'*/",
        ),
      )
      .map((parts) => parts.join(''));
    const forbidden = fc
      .constantFrom('attach', 'detach', 'vacuum', 'pragma', 'begin', 'explain', 'savepoint')
      .chain((word) =>
        fc
          .array(fc.boolean(), { minLength: word.length, maxLength: word.length })
          .map((capitals) =>
            capitals.map((c, i) => (c ? word.charAt(i).toUpperCase() : word.charAt(i))).join(''),
          ),
      );
    fc.assert(
      fc.property(skipped, forbidden, skipped, (before, word, after) => {
        expect(ruleOf(`${before}${word} ${after} x`)).toBe('sql_forbidden');
      }),
    );
  });

  test('answers every text with a pass or a typed refusal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (sql) => {
        try {
          guardScript(sql);
        } catch (error) {
          expect(error).toHaveProperty('reason', 'InvalidParams');
        }
      }),
    );
  });
});
