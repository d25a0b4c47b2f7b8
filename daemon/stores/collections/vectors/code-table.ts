import type { StoreDatabase } from '../../database/database.ts';
import type { StoreStatement } from '../../database/statement.ts';
import type { StoredValue } from '../../database/stored-value.ts';
import { toBlob, toFloats } from './vector-blob.ts';
import { findKey, fromHeads, GONE, toHeads, type Segment, type WholeSegment } from './segment.ts';

/** Which keys a segment covers: those above the last one of the segment before it, up to its own. */
export interface SegmentBounds {
  readonly last: number;
  /** Vectors, those that are gone included. */
  readonly count: number;
}

/**
 * The codes as they lie in the file. A segment is written once; vectors that are removed later are noted as
 * gone, until so many are that the segment is written anew.
 */
export interface CodeTable {
  bounds(): SegmentBounds[];
  insert(segment: WholeSegment): void;
  /** With the notes of what is gone between `first` (exclusive) and `last`. */
  remove(segments: readonly SegmentBounds[], first: number): void;
  /** What is gone is marked so. Throws when the file does not hold what it should. */
  read(bounds: SegmentBounds, place: { readonly first: number; readonly width: number }): Segment;
  readFine(last: number): Uint8Array;
  noteGone(key: number): void;
  /** How many are gone between `first` (exclusive) and `last`. */
  countGone(first: number, last: number): number;
  centre(): Float32Array | undefined;
  setCentre(centre: Float32Array): void;
}

export function dropCodeTable(database: StoreDatabase, collectionId: number): void {
  for (const table of Object.values(tablesOf(collectionId))) {
    database.prepare(`DROP TABLE IF EXISTS ${table}`).run();
  }
}

/** Makes the tables where they are missing. */
export function openCodeTable(database: StoreDatabase, collectionId: number): CodeTable {
  ensureTables(database, collectionId);
  const statements = prepareStatements(database, collectionId);
  return {
    bounds: () =>
      [...statements.bounds.rows()].map(([last, count]) => ({
        last: Number(last),
        count: Number(count),
      })),
    insert: (segment) => {
      const { last, count, coarse, fine } = segment;
      statements.insert.run([BigInt(last), BigInt(count), toHeads(segment), coarse, fine]);
    },
    remove: (segments, first) => {
      for (const { last } of segments) statements.remove.run([BigInt(last)]);
      const end = segments.at(-1)?.last ?? first;
      statements.forgetGone.run([BigInt(first), BigInt(end)]);
    },
    read: (bounds, { first, width }) => {
      const [row = []] = [...statements.read.rows([BigInt(bounds.last)])];
      const segment = decode(bounds, row, width);
      for (const [key] of statements.gone.rows([BigInt(first), BigInt(bounds.last)])) {
        const at = findKey(segment, Number(key));
        if (at !== undefined) segment.records[at] = GONE;
      }
      return segment;
    },
    readFine: (last) => {
      const [row = []] = [...statements.readFine.rows([BigInt(last)])];
      return toBytes(row[0]);
    },
    noteGone: (key) => {
      statements.noteGone.run([BigInt(key)]);
    },
    countGone: (first, last) => {
      const [row = []] = [...statements.countGone.rows([BigInt(first), BigInt(last)])];
      return Number(row[0] ?? 0);
    },
    centre: () => {
      const [row] = [...statements.centre.rows()];
      return row === undefined ? undefined : toFloats(toBytes(row[0]));
    },
    setCentre: (centre) => {
      statements.setCentre.run([toBlob(centre)]);
    },
  };
}

function prepareStatements(database: StoreDatabase, collectionId: number) {
  const { codes, gone, centres } = tablesOf(collectionId);
  const prepare = (sql: string): StoreStatement => database.prepare(sql);
  const between = 'key > ? AND key <= ?';
  return {
    bounds: prepare(`SELECT last, vectors FROM ${codes} ORDER BY last`),
    insert: prepare(`INSERT INTO ${codes} VALUES (?, ?, ?, ?, ?)`),
    remove: prepare(`DELETE FROM ${codes} WHERE last = ?`),
    forgetGone: prepare(`DELETE FROM ${gone} WHERE ${between}`),
    read: prepare(`SELECT heads, coarse FROM ${codes} WHERE last = ?`),
    readFine: prepare(`SELECT fine FROM ${codes} WHERE last = ?`),
    noteGone: prepare(`INSERT OR IGNORE INTO ${gone} VALUES (?)`),
    gone: prepare(`SELECT key FROM ${gone} WHERE ${between}`),
    countGone: prepare(`SELECT count(*) FROM ${gone} WHERE ${between}`),
    centre: prepare(`SELECT centre FROM ${centres} WHERE id = 1`),
    setCentre: prepare(`INSERT OR REPLACE INTO ${centres} VALUES (1, ?)`),
  };
}

function tablesOf(collectionId: number): Readonly<Record<'codes' | 'gone' | 'centres', string>> {
  return {
    codes: `locara_codes_${collectionId}`,
    gone: `locara_codes_gone_${collectionId}`,
    centres: `locara_codes_centre_${collectionId}`,
  };
}

function ensureTables(database: StoreDatabase, collectionId: number): void {
  const { codes, gone, centres } = tablesOf(collectionId);
  for (const columns of [
    `${codes} (last INTEGER PRIMARY KEY, vectors INTEGER NOT NULL,
       heads BLOB NOT NULL, coarse BLOB NOT NULL, fine BLOB NOT NULL)`,
    `${gone} (key INTEGER PRIMARY KEY)`,
    `${centres} (id INTEGER PRIMARY KEY, centre BLOB NOT NULL)`,
  ]) {
    database.prepare(`CREATE TABLE IF NOT EXISTS ${columns} STRICT`).run();
  }
}

function decode(
  { last, count }: SegmentBounds,
  [storedHeads, storedCoarse]: readonly (StoredValue | undefined)[],
  width: number,
): Segment {
  const heads = fromHeads(toBytes(storedHeads), count);
  const coarse = toBytes(storedCoarse);
  if (heads === undefined || coarse.length !== (count * width) / 8) {
    throw new Error('a segment of codes is not as it was written');
  }
  return { last, count, ...heads, coarse };
}

/** The bytes as a plain array of bytes: what the scan reads must be of one kind. */
function toBytes(value: StoredValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Error('bytes are missing');
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
