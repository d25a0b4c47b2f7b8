import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Collections,
  createCollections,
} from '../../../daemon/stores/collections/collections.ts';
import { openStoreDatabase } from '../../../daemon/stores/database/database.ts';
import { median, type Row } from '../measure.ts';
import { timed } from './in-process.ts';

const RECORDS = 100_000;
const AT_ONCE = 1000;
const DIMENSIONS = 384;
const WORDS = 20_000;
const WORDS_PER_TEXT = 40;
const QUERIES = 30;
const COLLECTION = 'documents';

/** Search by meaning, by words and by both over the same records, in this process, turn by turn. */
export function benchHybrid(): readonly Row[] {
  const folder = mkdtempSync(join(tmpdir(), 'locara-bench-'));
  const path = join(folder, 'store.db');
  const database = openStoreDatabase({ path, key: randomBytes(32), quotaBytes: 2 ** 33 });
  try {
    const random = createRandom(7);
    const collections = createCollections(database);
    fill(collections, random);
    return [searchAll(collections, random)];
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function fill(collections: Collections, random: () => number): void {
  collections.createCollection({ collection: COLLECTION, dimensions: DIMENSIONS });
  for (let first = 0; first < RECORDS; first += AT_ONCE) {
    const records = Array.from({ length: AT_ONCE }, (_, index) => ({
      id: `record-${first + index}`,
      text: makeText(random, WORDS_PER_TEXT),
      vectors: [makeVector(random)],
    }));
    collections.upsertRecords({ collection: COLLECTION, records });
  }
}

function searchAll(collections: Collections, random: () => number): Row {
  const times = { vector: [] as number[], words: [] as number[], both: [] as number[] };
  for (let query = 0; query < QUERIES; query += 1) {
    const vector = makeVector(random);
    const words = makeText(random, 3);
    const measure = (by: { vector?: Float32Array; words?: string }): number =>
      timed(() => collections.searchRecords({ collection: COLLECTION, k: 10, ...by }));
    // The first search of all fills the memory-held indexes.
    if (query === 0) measure({ vector, words });
    times.vector.push(measure({ vector }));
    times.words.push(measure({ words }));
    times.both.push(measure({ vector, words }));
  }
  const [vector, words, both] = [median(times.vector), median(times.words), median(times.both)];
  return {
    name: 'search by both in 100,000 records',
    ours: `${(both / Math.max(vector, words)).toFixed(2)}× its slower half, ${both.toFixed(1)} ms`,
    peer: `by meaning ${vector.toFixed(1)} ms, by words ${words.toFixed(1)} ms`,
    goal: '≤ 1.3×',
  };
}

/** Of vectors that a few directions attract, as those of texts are. */
function makeVector(random: () => number): Float32Array {
  const topic = Math.floor(random() * 50);
  return Float32Array.from(
    { length: DIMENSIONS },
    (_, dimension) => Math.sin((topic + 1) * (dimension + 1)) + (random() - 0.5) * 2,
  );
}

/** Words as often as those of a language: the n-th comes n times less than the first. */
function makeText(random: () => number, count: number): string {
  const word = (): string => `w${Math.floor(Math.exp(random() * Math.log(WORDS)))}`;
  return Array.from({ length: count }, word).join(' ');
}

/** Numbers from 0 to 1, the same at each run (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
