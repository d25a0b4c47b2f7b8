import { statSync } from 'node:fs';
import { createCodeMemory } from '../../../daemon/stores/collections/vectors/code-memory.ts';
import { openCodeTable } from '../../../daemon/stores/collections/vectors/code-table.ts';
import { createCodes, type OpenCodes } from '../../../daemon/stores/collections/vectors/codes.ts';
import { createEncoder, norm } from '../../../daemon/stores/collections/vectors/encode.ts';
import { findCandidates } from '../../../daemon/stores/collections/vectors/rank-by-codes.ts';
import { createSegment } from '../../../daemon/stores/collections/vectors/segment.ts';
import { createTopRecords } from '../../../daemon/stores/collections/vectors/top-records.ts';
import { openVectorTable } from '../../../daemon/stores/collections/vectors/vector-table.ts';
import { median, rssMb, type Row } from '../measure.ts';
import { drawClusters, openBenchStore, showMs, spendMs, type BenchStore } from './vector-bench.ts';

const DIMENSIONS = 384;
const SEGMENT = 512;
const K = 10;
const QUERIES = 10;
const MIB = 1024 * 1024;

/**
 * The codes of millions of vectors, as they lie encrypted in a store, without the vectors (5 million are 8 GB):
 * what loading and searching them takes, and whether the nearest are among those that would be compared.
 */
export async function benchMillions(millions = 5): Promise<readonly Row[]> {
  await Promise.resolve();
  using store = openBenchStore();
  const draw = drawClusters(DIMENSIONS, 20_000);
  const queries = Array.from({ length: QUERIES }, draw);
  const written = writeCodes(store, { draw, queries, count: millions * 1_000_000 });
  const name = `vectors, ${millions} M × ${DIMENSIONS} in clusters, codes alone`;
  return [
    {
      name: `${name}: written`,
      ours: `${(written.spentMs / millions / 1000).toFixed(0)} s a million, ${written.fileMb.toFixed(0)} MB`,
    },
    // The least first: what an earlier one held may not be given back yet.
    ...[
      { holding: 'nothing in memory', limitBytes: 0 },
      { holding: 'bits in memory', limitBytes: millions * 100 * 1_000_000 },
      { holding: 'bits and nibbles in memory', limitBytes: 64 * 1024 * MIB },
    ].map(({ holding, limitBytes }) => ({
      name: `${name}, ${holding}`,
      ours: searchCodes(store, { queries, nearest: written.nearest, limitBytes }),
    })),
  ];
}

interface Written {
  readonly spentMs: number;
  readonly fileMb: number;
  /** The keys that are nearest to each query. */
  readonly nearest: readonly ReadonlySet<number>[];
}

function writeCodes(
  store: BenchStore,
  work: {
    readonly draw: () => Float32Array;
    readonly queries: readonly Float32Array[];
    readonly count: number;
  },
): Written {
  const { draw, queries, count } = work;
  const table = openCodeTable(store.database(), 1);
  const sample = Array.from({ length: 4096 }, draw);
  const centre = new Float32Array(DIMENSIONS);
  for (const vector of sample) addUnit(centre, vector, sample.length);
  table.setCentre(centre);
  const encoder = createEncoder(centre);
  const tops = queries.map(() => createTopRecords(K));
  let spentMs = 0;
  for (let first = 1; first <= count; first += SEGMENT) {
    const vectors = Array.from({ length: Math.min(SEGMENT, count - first + 1) }, draw);
    compareAll(vectors, { queries, tops, first });
    const last = first + vectors.length - 1;
    const segment = createSegment({ last, count: vectors.length }, encoder.width);
    spentMs += spendMs(() => {
      for (const [at, vector] of vectors.entries()) {
        segment.keys[at] = first + at;
        segment.records[at] = first + at;
        encoder.encode(vector, segment, at);
      }
      table.insert(segment);
    });
  }
  const [file] = [...store.database().prepare('PRAGMA database_list').rows()];
  store.reopen();
  return {
    spentMs,
    fileMb: statSync(String(file?.[2])).size / 1e6,
    nearest: tops.map((top) => new Set(top.ranked().map(({ record }) => record))),
  };
}

function addUnit(sum: Float32Array, vector: Float32Array, count: number): void {
  const scale = 1 / (norm(vector) * count);
  for (const [at, value] of vector.entries()) sum[at] = (sum[at] ?? 0) + value * scale;
}

function compareAll(
  vectors: readonly Float32Array[],
  truth: {
    readonly queries: readonly Float32Array[];
    readonly tops: readonly ReturnType<typeof createTopRecords>[];
    readonly first: number;
  },
): void {
  for (const [at, vector] of vectors.entries()) {
    const length = norm(vector);
    for (const [index, query] of truth.queries.entries()) {
      let score = 0;
      for (let d = 0; d < DIMENSIONS; d += 1) score += (vector[d] ?? 0) * (query[d] ?? 0);
      truth.tops[index]?.offer(truth.first + at, score / length);
    }
  }
}

function searchCodes(
  store: BenchStore,
  search: {
    readonly queries: readonly Float32Array[];
    readonly nearest: readonly ReadonlySet<number>[];
    readonly limitBytes: number;
  },
): string {
  const database = store.reopen();
  const before = rssMb(process.pid);
  const codes = createCodes({
    table: openCodeTable(database, 1),
    vectors: openVectorTable(database, 1),
    memory: createCodeMemory(search.limitBytes),
    segmentVectors: SEGMENT,
  });
  const loadMs = spendMs(() => codes.open());
  const heldMb = rssMb(process.pid) - before;
  const { spentMs, compared, recall } = measure(codes.open(), search);
  codes.forget();
  return `${showMs(spentMs)}, recall@10 ${recall.toFixed(3)} of ${compared} to compare; loaded in ${(loadMs / 1000).toFixed(1)} s, ${heldMb.toFixed(0)} MB`;
}

function measure(
  codes: OpenCodes,
  {
    queries,
    nearest,
  }: {
    readonly queries: readonly Float32Array[];
    readonly nearest: readonly ReadonlySet<number>[];
  },
): { spentMs: number[]; compared: number; recall: number } {
  const compared: number[] = [];
  let found = 0;
  const spentMs = queries.map((vector, index) =>
    spendMs(() => {
      const { candidates } = findCandidates(codes, { vector, k: K });
      compared.push(candidates.length);
      found += candidates.filter(({ key }) => nearest[index]?.has(key)).length;
    }),
  );
  return { spentMs, compared: median(compared), recall: found / (queries.length * K) };
}
