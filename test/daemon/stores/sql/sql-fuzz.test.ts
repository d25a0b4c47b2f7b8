import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStoreDatabase } from '../../../../daemon/stores/database/database.ts';
import { BOMBS, ESCAPES } from '../../../support/sql-attacks.ts';
import { startStoreProcess, type StoreProcess } from '../../../support/store-process.ts';
import { makeStoreStart } from '../../../support/temporary-store.ts';

/** `LOCARA_FUZZ_RUNS=20000` fuzzes longer. */
const RUNS = Number(process.env['LOCARA_FUZZ_RUNS'] ?? 400);
const CANARY = 'CaNaRy-of-another-app-7f3a';
const OWN_CANARY = 'OwN-text-in-the-clear-91bc';
const CALL_MS = 4000;

let folder: string;
let plain: string;
let victim: string;

beforeAll(() => {
  // Outside the system's temporary folder, as stores are.
  folder = mkdtempSync(join(import.meta.dirname, '.fuzz-'));
  plain = join(folder, 'plain.txt');
  writeFileSync(plain, CANARY);
  mkdirSync(join(folder, 'victim'));
  victim = join(folder, 'victim', 'store.db');
  const database = openStoreDatabase({ path: victim, key: randomBytes(32), quotaBytes: 1e7 });
  database.prepare('CREATE TABLE t (a)').run();
  database.prepare('INSERT INTO t VALUES (?)').run([CANARY]);
  database.close();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Mostly what an app may name, so that much of what is made runs. */
const name = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('t', 't', 't', 'f', 'main.t', '"t"', "json_each('[1]')"),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'v',
      'x',
      'locara_state',
      'sqlite_schema',
      'temp.t',
      'dbstat',
      '[locara_x]',
      'pragma_database_list',
    ),
  },
);
const call = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('abs', 'hex', 'quote', 'typeof', 'length', 'upper', 'count'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'json',
      'load_extension',
      'readfile',
      'fts3_tokenizer',
      'group_concat',
      'snippet',
      'vec_to_json',
      'sqlite3mc_config',
    ),
  },
);
const gap = fc.constantFrom(' ', '\n', '/**/', '/*;*/', '--x\n', '\uFEFF', '\t', ' ; ', '');
const literalText = (): fc.Arbitrary<string> =>
  fc.constantFrom(
    "'a'",
    'a',
    'rowid',
    `'${plain}'`,
    `'${victim}'`,
    "x'00'",
    '1',
    '-1',
    '1e999',
    'NULL',
    "''''",
    '9223372036854775807',
  );

/** Statements by a grammar, most of them well formed. */
const grammar = fc.letrec<{ expression: string; select: string; statement: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    literalText(),
    fc.tuple(call, tie('expression')).map(([f, e]) => `${f}(${e})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '||', '=', 'LIKE', 'IN', 'AND', '->>', 'GLOB'),
        tie('expression'),
      )
      .map(([a, o, b]) => `(${a} ${o} ${o === 'IN' ? `(${b})` : b})`),
    tie('select').map((select) => `(${select})`),
  ),
  select: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(tie('expression'), name).map(([e, n]) => `SELECT ${e} FROM ${n} LIMIT 3`),
    fc.tuple(name, tie('expression')).map(([n, e]) => `SELECT * FROM ${n} WHERE ${e} LIMIT 3`),
    fc
      .tuple(tie('select'), tie('expression'))
      .map(([s, e]) => `WITH x(a) AS (${s}) SELECT ${e} FROM x`),
    tie('expression').map((e) => `VALUES (${e})`),
  ),
  statement: fc.oneof(
    tie('select'),
    fc.tuple(name, tie('expression')).map(([n, e]) => `INSERT INTO ${n} VALUES (${e}, 1)`),
    fc.tuple(name, tie('expression')).map(([n, e]) => `UPDATE ${n} SET a = ${e}`),
    fc.tuple(name, tie('expression')).map(([n, e]) => `DELETE FROM ${n} WHERE ${e}`),
    fc.tuple(name, tie('select')).map(([n, s]) => `CREATE VIEW ${n} AS ${s}`),
    fc
      .tuple(name, tie('statement'))
      .map(([n, s]) => `CREATE TRIGGER ${n} AFTER INSERT ON t BEGIN ${s}; END`),
    fc
      .tuple(name, fc.constantFrom('fts5', 'vec0', 'dbstat', 'csv', 'fts5vocab'))
      .map(([n, m]) => `CREATE VIRTUAL TABLE ${n} USING ${m} (a, content='locara_state')`),
    fc.tuple(name, name).map(([a, b]) => `ALTER TABLE ${a} RENAME TO ${b}`),
    fc.tuple(tie('statement'), gap, fc.constantFrom(...ESCAPES)).map((parts) => parts.join('')),
  ),
}));

/** A known attack, changed in a few places. */
const mutated = fc
  .tuple(
    fc.constantFrom(
      ...ESCAPES,
      ...Object.values(BOMBS).filter((sql) => sql.length < 2000 && !/RECURSIVE|4000000/.test(sql)),
    ),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.nat(3),
        fc.oneof(
          gap,
          fc.string({ maxLength: 3 }),
          fc.constantFrom("'", '"', '[', '`', '\0', '/*', '*/', '--'),
        ),
      ),
      { maxLength: 4 },
    ),
  )
  .map(([sql, edits]) => {
    let text = sql.replaceAll('PATH', plain);
    for (const [at, drop, insert] of edits) {
      const place = at % (text.length + 1);
      text = text.slice(0, place) + insert + text.slice(place + drop);
    }
    return text;
  });

const anyStatement = (): fc.Arbitrary<string> => fc.oneof(grammar.statement, mutated);

/** Every file below the folders, with its bytes. */
function readTree(root: string): Map<string, Buffer> {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) =>
    join(root, path),
  );
  return new Map(
    paths.filter((path) => statSync(path).isFile()).map((path) => [path, readFileSync(path)]),
  );
}

test('no statement of any shape reads, writes or makes anything outside the store', async () => {
  mkdirSync(join(folder, 'own'));
  const start = makeStoreStart({ path: join(folder, 'own', 'store.db'), quotaBytes: 8_000_000 });
  const outside = (): Map<string, Buffer> =>
    new Map([...readTree(folder)].filter(([path]) => !path.includes('/own/')));
  const before = outside();
  let store: StoreProcess = await startStoreProcess(start);
  const seen: string[] = [];
  let killed = 0;
  /** The answer, or nothing where only a kill ended the statement; the store is then started anew. */
  const ask = async (op: 'exec' | 'query', sql: string): Promise<string> => {
    const answer = store.call(op, op === 'query' ? { sql, limit: 3 } : { sql });
    const timer = Promise.withResolvers<undefined>();
    const timeout = setTimeout(timer.resolve, CALL_MS, undefined);
    const first = await Promise.race([answer, timer.promise]);
    clearTimeout(timeout);
    if (first !== undefined) return JSON.stringify(first);
    killed += 1;
    store.child.kill('SIGKILL');
    store = await startStoreProcess(start);
    return '';
  };
  const setUp = async (): Promise<void> => {
    await ask('exec', 'DROP TABLE IF EXISTS t');
    await ask('exec', 'DROP VIEW IF EXISTS t');
    await ask('exec', 'CREATE TABLE t (a, b)');
    await ask('exec', 'CREATE VIRTUAL TABLE IF NOT EXISTS f USING fts5 (a)');
    await ask('exec', `INSERT INTO t VALUES ('${OWN_CANARY}', 1)`);
  };
  await fc.assert(
    fc.asyncProperty(anyStatement(), fc.constantFrom('exec', 'query'), async (sql, op) => {
      // What was made so far may have dropped or filled what later statements are about.
      if (seen.length % 20 === 0) await setUp();
      const answer = await ask(op, sql);
      seen.push(answer);
      expect(answer).not.toContain(CANARY);
      expect(answer).not.toContain('InternalError');
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  expect(outside()).toEqual(before);
  // Most were understood, or this would prove nothing.
  expect(seen.filter((answer) => answer.includes('"result"')).length).toBeGreaterThan(RUNS / 20);
  expect(killed).toBeLessThan(RUNS / 20);
}, 600_000);

test('what a store sorts, groups and indexes never lies in the clear in any file', async () => {
  const root = mkdtempSync(join(folder, 'temporary-'));
  const start = makeStoreStart({ path: join(root, 'store.db'), quotaBytes: 400_000_000 });
  const { call } = await startStoreProcess(start);
  const run = async (sql: string): Promise<void> => {
    expect(await call('exec', { sql })).toMatchObject({ type: 'result' });
  };
  await run('CREATE TABLE t (a, b)');
  await run(
    `INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 60000) SELECT '${OWN_CANARY}' || i, hex(randomblob(200)) FROM n`,
  );
  await run('CREATE INDEX i ON t (b, a)');
  await run('CREATE TABLE u AS SELECT DISTINCT a, b FROM t ORDER BY b DESC');
  await run('CREATE VIRTUAL TABLE f USING fts5 (a)');
  await run('INSERT INTO f SELECT a FROM t GROUP BY b');
  for (const [path, bytes] of readTree(root)) {
    expect({ path, isClear: bytes.includes(OWN_CANARY) }).toEqual({ path, isClear: false });
  }
}, 300_000);
