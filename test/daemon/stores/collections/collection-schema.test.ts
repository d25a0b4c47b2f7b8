import { describe, expect, test } from 'vitest';
import { openStore } from '../../../../daemon/stores/database/opening.ts';
import { createCollections } from '../../../../daemon/stores/collections/collections.ts';
import type { StoreDatabase } from '../../../../daemon/stores/database/database.ts';
import { makeStoreStart, refusalOf } from '../../../support/temporary-store.ts';

const TEXT = 'A kitten plays with a café cat';

/** The tables as the first layout had them, with a record of each kind. */
function writeFirstLayout(database: StoreDatabase): void {
  for (const sql of [
    `CREATE TABLE locara_collections
       (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dimensions INTEGER, model TEXT) STRICT`,
    "INSERT INTO locara_collections VALUES (3, 'notes', 2, 'sha256:a'), (5, 'own', 2, NULL), (9, 'empty', NULL, NULL)",
    ...[3, 5, 9].flatMap((id) => [
      `CREATE TABLE locara_records_${id}
         (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, text TEXT, metadata TEXT) STRICT`,
      `CREATE TABLE locara_vectors_${id} (key INTEGER PRIMARY KEY, vector BLOB NOT NULL) STRICT`,
      `CREATE VIRTUAL TABLE locara_words_${id} USING fts5
         (text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2')`,
    ]),
    `INSERT INTO locara_records_3 VALUES
       (1, 'cat', '${TEXT}', '{"legs":4,"tags":["pet"]}'), (7, 'bare', NULL, NULL)`,
    `INSERT INTO locara_words_3 (rowid, text) VALUES (1, '${TEXT}')`,
    "INSERT INTO locara_vectors_3 VALUES (1, x'0000803f00000000')",
    "INSERT INTO locara_records_5 VALUES (2, 'x', 'supplied', NULL)",
    "INSERT INTO locara_vectors_5 VALUES (2, x'0000803f00000000')",
  ]) {
    database.prepare(sql).run();
  }
}

function openFirstLayout() {
  const start = makeStoreStart();
  const { database } = openStore(start);
  writeFirstLayout(database);
  database.close();
  return start;
}

describe('a store of the first layout', () => {
  test('is opened with its records, counts and words', () => {
    const { database } = openStore(openFirstLayout());
    const collections = createCollections(database);
    const tokenizer = 'unicode61';
    expect(collections.listCollections({}).collections).toEqual([
      { collection: 'empty', tokenizer, records: 0, vectors: 0 },
      {
        collection: 'notes',
        dimensions: 2,
        tokenizer,
        records: 2,
        vectors: 1,
        modelDigest: 'sha256:a',
      },
      { collection: 'own', dimensions: 2, tokenizer, records: 1, vectors: 1 },
    ]);
    expect(collections.getRecords({ collection: 'notes', ids: ['cat', 'bare'] }).records).toEqual([
      { id: 'cat', text: TEXT, metadata: { legs: 4, tags: ['pet'] } },
      { id: 'bare' },
    ]);
    const { hits } = collections.searchRecords({
      collection: 'notes',
      k: 5,
      words: 'CAFE',
      snippetsOf: 'CAFE',
      filter: { tags: { eq: 'pet' } },
    });
    expect(hits.map(({ id, snippet }) => [id, snippet])).toEqual([
      ['cat', { text: TEXT, marks: [{ start: 22, end: 26 }] }],
    ]);
    database.close();
  });

  test('is changed once, and stays as it is when opened again', () => {
    const start = openFirstLayout();
    for (let opening = 0; opening < 2; opening++) {
      const { database } = openStore(start);
      expect(createCollections(database).listCollections({}).collections).toHaveLength(3);
      const [row] = database
        .prepare("SELECT value FROM locara_state WHERE name = 'collections'")
        .rows();
      expect(row).toEqual([2n]);
      database.close();
    }
  });

  test('is left as it was when the change fails halfway', () => {
    const start = openFirstLayout();
    const { database } = openStore(start);
    const schema = () => [...database.prepare('SELECT name, sql FROM sqlite_schema').rows()];
    database.prepare('CREATE TABLE locara_texts_5 (x)').run();
    const before = schema();
    expect(() => createCollections(database)).toThrow();
    expect(schema()).toEqual(before);
    database.close();
  });

  test('knows which vectors the app supplied, and does not embed those anew', () => {
    const { database } = openStore(openFirstLayout());
    const collections = createCollections(database);
    expect(collections.readTexts({ collection: 'notes' }).texts).toEqual([
      { record: 1, text: TEXT },
    ]);
    expect(refusalOf(() => collections.readTexts({ collection: 'own' }))).toMatchObject({
      reason: 'Conflict',
      details: { rule: 'supplied_vectors', records: 1 },
    });
    database.close();
  });
});

test('a store of a later version is refused', () => {
  const { database } = openStore(makeStoreStart());
  createCollections(database);
  database.prepare("UPDATE locara_state SET value = 99 WHERE name = 'collections'").run();
  expect(refusalOf(() => createCollections(database))).toMatchObject({
    reason: 'Unavailable',
    details: { rule: 'store_too_new' },
  });
  database.close();
});
