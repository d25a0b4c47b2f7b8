import type { StoreDatabase } from '../../database/database.ts';
import type { RankedText, WordIndex, WordSearch } from './word-index.ts';

const MAX_WORDS = 256;

/** The words of the collection with this number; its tables are made when they are missing. */
export function createWordIndex(database: StoreDatabase, collectionId: number): WordIndex {
  const table = `locara_words_${collectionId}`;
  database
    .prepare(
      `CREATE VIRTUAL TABLE IF NOT EXISTS ${table} USING fts5
         (text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2')`,
    )
    .run();
  return {
    add: (record, text) => {
      database
        .prepare(`INSERT INTO ${table} (rowid, text) VALUES (?, ?)`)
        .run([BigInt(record), text]);
    },
    remove: (record) => {
      database.prepare(`DELETE FROM ${table} WHERE rowid = ?`).run([BigInt(record)]);
    },
    search: (search) => rankByWords(database, table, search),
    drop: () => {
      database.prepare(`DROP TABLE ${table}`).run();
    },
  };
}

function rankByWords(
  database: StoreDatabase,
  table: string,
  { words, k, allowed }: WordSearch,
): RankedText[] {
  const expression = toMatchExpression(words);
  if (expression === '') return [];
  const permitted = allowed === undefined ? undefined : new Set(allowed);
  const ranked: RankedText[] = [];
  const rows = database
    .prepare(
      `SELECT rowid, -bm25(${table}) AS score FROM ${table}
       WHERE text MATCH ? ORDER BY score DESC, rowid`,
    )
    .rows([expression]);
  for (const [key, score] of rows) {
    const record = Number(key);
    if (permitted?.has(record) !== false) ranked.push({ record, score: Number(score) });
    if (ranked.length === k) break;
  }
  return ranked;
}

/**
 * Any of the words may match, the rarer ones count more. Each is quoted, so that nothing a user types
 * is read as FTS5's query language; a word like `e-mail` matches its parts in sequence.
 */
function toMatchExpression(words: string): string {
  const distinct = new Set(
    words.split(/[\s\0]+/u).filter((word) => /[\p{L}\p{N}\p{Co}]/u.test(word)),
  );
  return [...distinct]
    .slice(0, MAX_WORDS)
    .map((word) => `"${word.replaceAll('"', '""')}"`)
    .join(' OR ');
}
