import type { StoreDatabase } from '../../database/database.ts';
import type { CollectionRow, Tokenizer } from '../collection-rows.ts';
import { textsTable } from '../collection-tables.ts';
import { toMatchExpression } from './match-expression.ts';
import { toRecordSet } from './record-set.ts';
import { createPassageCutter, LONG_TEXT_CHARACTERS } from './passages.ts';
import { createSnippetMarks, toOpening } from './snippets.ts';
import type { RankedText, Snippet, WordIndex, WordSearch } from './word-index.ts';

type Words = Pick<CollectionRow, 'id' | 'tokenizer'>;

const TOKENIZERS: Readonly<Record<Tokenizer, string>> = {
  unicode61: 'unicode61 remove_diacritics 2',
  porter: 'porter unicode61 remove_diacritics 2',
  trigram: 'trigram remove_diacritics 1',
};

/** How much of a text FTS5 puts into a snippet: words, or with `trigram` characters. */
const SNIPPET_TOKENS: Readonly<Record<Tokenizer, number>> = {
  unicode61: 32,
  porter: 32,
  trigram: 64,
};

/** The words of a collection; its table is made when it is missing. */
export function createWordIndex(database: StoreDatabase, words: Words): WordIndex {
  const table = createTable(database, words);
  return {
    add: (record, text) => {
      database
        .prepare(`INSERT INTO ${table} (rowid, text) VALUES (?, ?)`)
        .run([BigInt(record), text]);
    },
    remove: (record, text) => {
      database
        .prepare(`INSERT INTO ${table} (${table}, rowid, text) VALUES ('delete', ?, ?)`)
        .run([BigInt(record), text]);
    },
    search: (search) => {
      const match = toMatchExpression(search.words);
      if (match === undefined) return { ranked: [], terms: 0 };
      const { expression, terms } = match;
      return { ranked: rankByWords(database, table, { ...search, expression }), terms };
    },
    cutSnippets: (query) => cutSnippets(database, words, query),
    drop: () => {
      database.prepare(`DROP TABLE ${table}`).run();
    },
  };
}

/** Makes the index of these words anew from the stored texts. */
export function rebuildWords(database: StoreDatabase, words: Words): void {
  database.prepare(`DROP TABLE IF EXISTS ${wordsTable(words)}`).run();
  const table = createTable(database, words);
  database.prepare(`INSERT INTO ${table} (${table}) VALUES ('rebuild')`).run();
}

function wordsTable({ id }: Words): string {
  return `locara_words_${id}`;
}

function createTable(database: StoreDatabase, words: Words): string {
  const table = wordsTable(words);
  database
    .prepare(
      `CREATE VIRTUAL TABLE IF NOT EXISTS ${table} USING fts5
         (text, content = '${textsTable(words)}', content_rowid = 'key',
          tokenize = '${TOKENIZERS[words.tokenizer]}')`,
    )
    .run();
  return table;
}

/** SQLite keeps the best k as it goes, and computes BM25 for the allowed ones alone. */
function rankByWords(
  database: StoreDatabase,
  table: string,
  { expression, k, allowed }: Omit<WordSearch, 'words'> & { readonly expression: string },
): RankedText[] {
  if (allowed?.length === 0) return [];
  const { condition, params } = toRecordSet('rowid', allowed);
  const rows = database
    .prepare(
      `SELECT rowid, -bm25(${table}) AS score FROM ${table}
       WHERE text MATCH ? AND ${condition} ORDER BY score DESC, rowid LIMIT ?`,
    )
    .rows([expression, ...params, BigInt(k)]);
  return Array.from(rows, ([key, score]) => ({ record: Number(key), score: Number(score) }));
}

function cutSnippets(
  database: StoreDatabase,
  words: Words,
  query: string,
): (record: number) => Snippet | undefined {
  const table = wordsTable(words);
  const match = toMatchExpression(query);
  const marks = createSnippetMarks();
  const found = database.prepare(
    `SELECT snippet(${table}, 0, ?, ?, '…', ${SNIPPET_TOKENS[words.tokenizer]})
     FROM ${table} WHERE text MATCH ? AND rowid = ?`,
  );
  const texts = textsTable(words);
  const long = database.prepare(
    `SELECT text FROM ${texts} WHERE key = ? AND length(text) > ${LONG_TEXT_CHARACTERS}`,
  );
  const around = createPassageCutter(query);
  const opening = database.prepare(`SELECT substr(text, 1, 601) FROM ${texts} WHERE key = ?`);
  return (record) => {
    const key = BigInt(record);
    const [whole] = long.rows([key]);
    if (typeof whole?.[0] === 'string') return around(whole[0]);
    if (match !== undefined) {
      const [row] = found.rows([marks.open, marks.close, match.expression, key]);
      if (typeof row?.[0] === 'string') return marks.read(row[0]);
    }
    const [row] = opening.rows([key]);
    return typeof row?.[0] === 'string' ? toOpening(row[0]) : undefined;
  };
}
