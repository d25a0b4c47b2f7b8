import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStoreDatabase, type StoreDatabase } from '../../../daemon/stores/database/database.ts';
import { createRandom } from '../../support/random.ts';
import { drawVector, type DrawVector } from '../../support/vector-sets.ts';
import { readWordVectors } from '../../support/word-vectors.ts';
import { percentile } from '../measure.ts';

const QUOTA_BYTES = 64 * 1024 ** 3;

/** A store in a temporary folder; `reopen` closes it first, so that nothing of it is cached. */
export interface BenchStore extends Disposable {
  readonly database: () => StoreDatabase;
  readonly reopen: () => StoreDatabase;
}

export function openBenchStore(): BenchStore {
  const folder = mkdtempSync(join(tmpdir(), 'locara-bench-'));
  const place = { path: join(folder, 'store.db'), key: randomBytes(32), quotaBytes: QUOTA_BYTES };
  let database = openStoreDatabase(place);
  return {
    database: () => database,
    reopen: () => {
      database.close();
      database = openStoreDatabase(place);
      return database;
    },
    [Symbol.dispose]: () => {
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Processor time of this process while `work` runs. */
export function spendMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export function showMs(figures: readonly number[]): string {
  return `${percentile(figures, 50).toFixed(1)} ms p50, ${percentile(figures, 95).toFixed(1)} p95`;
}

/** Texts about a few thousand things: vectors around as many centres, which lie apart as far as their members do. */
export function drawClusters(dimensions: number, clusters: number): DrawVector {
  const random = createRandom(1);
  const centres = Array.from({ length: clusters }, () => drawVector(random, dimensions));
  return () => {
    const centre = centres[Math.floor(random() * clusters)] ?? centres[0];
    // Sums of uniform numbers: nearly normal, and quick enough for hundreds of thousands.
    return Float32Array.from(
      centre ?? [],
      (value) => value + 1.2 * (random() + random() + random() - 1.5),
    );
  };
}

/** Phrases of eight words, common ones more often, from the vectors of the embedded model. */
export function drawPhrases(): DrawVector {
  const words = readWordVectors();
  const random = createRandom(2);
  return () => {
    const phrase = new Float32Array(words[0]?.length ?? 0);
    for (let count = 0; count < 8; count += 1) {
      const word = words[Math.floor(words.length ** random())] ?? phrase;
      for (const [at, value] of word.entries()) phrase[at] = (phrase[at] ?? 0) + value;
    }
    return phrase;
  };
}

/** The vectors of a bench, each of length one, in one piece of memory. */
export interface Truth {
  add(vector: Float32Array): void;
  /** The score of the k-th nearest. */
  worstOf(query: Float32Array, k: number): number;
}

export function createTruth(dimensions: number, count: number): Truth {
  const values = new Float32Array(dimensions * count);
  let filled = 0;
  const unit = (vector: Float32Array): Float32Array => {
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  };
  return {
    add: (vector) => {
      values.set(unit(vector), filled);
      filled += dimensions;
    },
    worstOf: (query, k) => {
      const direction = unit(query);
      const scores = new Float32Array(filled / dimensions);
      for (let at = 0, first = 0; first < filled; at += 1, first += dimensions) {
        let score = 0;
        for (let d = 0; d < dimensions; d += 1) {
          score += (values[first + d] ?? 0) * (direction[d] ?? 0);
        }
        scores[at] = score;
      }
      return scores.sort().at(-k) ?? -1;
    },
  };
}
