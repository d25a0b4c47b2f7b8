import {
  createVectorIndex,
  type VectorIndexOptions,
} from '../../../daemon/stores/collections/vectors/create-vector-index.ts';
import type { VectorIndex } from '../../../daemon/stores/collections/vectors/vector-index.ts';
import type { DrawVector } from '../../support/vector-sets.ts';
import { median, rssMb, type Row } from '../measure.ts';
import {
  createTruth,
  drawClusters,
  drawPhrases,
  openBenchStore,
  showMs,
  spendMs,
  type Truth,
} from './vector-bench.ts';

const K = 10;
const BATCH = 1000;
const QUERIES = 40;
/** What rounding may change in a score of 32-bit floats. */
const ROUNDING = 1e-6;

interface Collection {
  readonly name: string;
  readonly count: number;
  readonly dimensions: number;
  readonly draw: DrawVector;
  readonly goal: string;
}

/** Searches by meaning in one store, in this process: processor time, and how much of what is nearest was found. */
export async function benchVectors(): Promise<readonly Row[]> {
  const clusters = drawClusters(384, 2000);
  await Promise.resolve();
  return [
    ...benchExact(clusters),
    ...benchCollection({
      name: '100 k × 384, clusters',
      count: 100_000,
      dimensions: 384,
      draw: clusters,
      goal: '≤ 40 ms, recall ≥ 0.99',
    }),
    ...benchCollection({
      name: '100 k × 96, phrases of real words',
      count: 100_000,
      dimensions: 96,
      draw: drawPhrases(),
      goal: '≤ 40 ms, recall ≥ 0.99',
    }),
    ...benchCollection({
      name: '500 k × 384, clusters',
      count: 500_000,
      dimensions: 384,
      draw: clusters,
      goal: '≤ 150 ms, recall ≥ 0.95',
    }),
  ];
}

function benchCollection(collection: Collection): readonly Row[] {
  const { name, count, draw, dimensions, goal } = collection;
  using store = openBenchStore();
  const truth = createTruth(dimensions, count);
  const filled = fill(createVectorIndex(store.database(), 1), collection, (work) => {
    store.database().transaction(work);
  });
  for (const vector of filled.vectors()) truth.add(vector);
  const before = rssMb(process.pid);
  const index = createVectorIndex(store.reopen(), 1);
  const loadMs = spendMs(() => index.search({ vector: draw(), k: K }));
  const heldMb = rssMb(process.pid) - before;
  const { spentMs, recall, rescored } = search(index, draw, truth);
  return [
    {
      name: `vectors, ${name}: search`,
      ours: `${showMs(spentMs)}, recall@10 ${recall.toFixed(3)}, ${rescored} rescored`,
      goal,
    },
    {
      name: `vectors, ${name}: insert, first search`,
      ours: `${(count / filled.spentMs).toFixed(1)} k a second (slowest thousand ${filled.slowestMs.toFixed(0)} ms), ${loadMs.toFixed(0)} ms and ${heldMb.toFixed(0)} MB`,
    },
  ];
}

/** Where comparing every vector stops being quicker than codes. */
function benchExact(draw: DrawVector): readonly Row[] {
  const limits = { exactUs: 0, segmentVectors: 512 };
  return [5000, 10_000, 20_000].map((count) => {
    const compare = ({ isExact }: { isExact: boolean }): string => {
      using store = openBenchStore();
      const options: VectorIndexOptions = isExact ? {} : { limits };
      const index = createVectorIndex(store.database(), 1, options);
      fill(index, { count, draw }, (work) => {
        store.database().transaction(work);
      });
      const spentMs = Array.from({ length: QUERIES }, () =>
        spendMs(() => index.search({ vector: draw(), k: K, isExact })),
      );
      return showMs(spentMs);
    };
    return {
      name: `vectors, ${count / 1000} k × 384: search by codes`,
      ours: compare({ isExact: false }),
      peer: `compared exactly: ${compare({ isExact: true })}`,
    };
  });
}

interface Filled {
  readonly spentMs: number;
  readonly slowestMs: number;
  readonly vectors: () => Generator<Float32Array, void, void>;
}

function fill(
  index: VectorIndex,
  { count, draw }: Pick<Collection, 'count' | 'draw'>,
  transact: (work: () => void) => void,
): Filled {
  let spentMs = 0;
  let slowestMs = 0;
  for (let first = 0; first < count; first += BATCH) {
    const vectors = Array.from({ length: BATCH }, draw);
    const batchMs = spendMs(() => {
      transact(() => {
        for (const [at, vector] of vectors.entries()) index.replace(first + at + 1, [vector]);
      });
    });
    spentMs += batchMs;
    slowestMs = Math.max(slowestMs, batchMs);
  }
  return {
    spentMs,
    slowestMs,
    *vectors() {
      for (let record = 1; record <= count; record += 1) yield* index.vectorsOf(record);
    },
  };
}

function search(
  index: VectorIndex,
  draw: DrawVector,
  truth: Truth,
): { spentMs: number[]; recall: number; rescored: number } {
  const spentMs: number[] = [];
  const rescored: number[] = [];
  let found = 0;
  for (let query = 0; query < QUERIES; query += 1) {
    const vector = draw();
    const worst = truth.worstOf(vector, K) - ROUNDING;
    spentMs.push(
      spendMs(() => {
        const { ranked, plan } = index.search({ vector, k: K });
        found += ranked.filter(({ score }) => score >= worst).length;
        rescored.push(plan.rescored);
      }),
    );
  }
  return { spentMs, recall: found / (QUERIES * K), rescored: median(rescored) };
}
