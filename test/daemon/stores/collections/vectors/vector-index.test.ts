import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCodeMemory } from '../../../../../daemon/stores/collections/vectors/code-memory.ts';
import {
  createVectorIndex,
  type VectorIndexOptions,
} from '../../../../../daemon/stores/collections/vectors/create-vector-index.ts';
import { openStoreDatabase } from '../../../../../daemon/stores/database/database.ts';
import type { VectorIndex } from '../../../../../daemon/stores/collections/vectors/vector-index.ts';
import { rankByComparing, recallOf } from '../../../../support/exact-ranking.ts';
import { makeOpenOptions } from '../../../../support/temporary-store.ts';
import { createRandom } from '../../../../support/random.ts';
import { drawVector, VECTOR_SETS } from '../../../../support/vector-sets.ts';

const SMALL_SEGMENTS = { exactUs: 0, segmentVectors: 8 };

interface Bench {
  readonly index: () => VectorIndex;
  /** What should be in it. */
  readonly records: Map<number, Float32Array[]>;
  readonly change: (work: () => void) => void;
  readonly reopen: () => void;
  readonly close: () => void;
}

/** An index in a real encrypted store, beside what it should hold. */
function openBench(options: VectorIndexOptions): Bench {
  const place = makeOpenOptions();
  let database = openStoreDatabase(place);
  let index = createVectorIndex(database, 1, options);
  return {
    index: () => index,
    records: new Map(),
    change: (work) => {
      database.transaction(work);
    },
    reopen: () => {
      database.close();
      database = openStoreDatabase(place);
      index = createVectorIndex(database, 1, options);
    },
    close: () => {
      database.close();
    },
  };
}

const record = fc.integer({ min: 1, max: 60 });
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('replace' as const), record, count: fc.nat(3) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('remove' as const), record }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('search' as const),
      k: fc.integer({ min: 1, max: 20 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('search' as const),
      k: fc.integer({ min: 1, max: 20 }),
      allowed: fc.uniqueArray(record),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rollback' as const), record }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Takes the steps, and compares each search with the plain comparison of everything. */
function takeSteps(bench: Bench, steps: readonly Step[], draw: () => Float32Array): number[] {
  const { records, change } = bench;
  const recalls: number[] = [];
  for (const taken of steps) {
    if (taken.do === 'replace') {
      const vectors = Array.from({ length: taken.count }, draw);
      change(() => {
        bench.index().replace(taken.record, vectors);
      });
      records.set(taken.record, vectors);
    } else if (taken.do === 'remove') {
      change(() => {
        bench.index().remove(taken.record);
      });
      records.delete(taken.record);
    } else if (taken.do === 'rollback') {
      expect(() => {
        change(() => {
          bench.index().replace(taken.record, [draw()]);
          throw new Error('on purpose');
        });
      }).toThrow('on purpose');
      bench.index().reset();
    } else if (taken.do === 'reopen') {
      bench.reopen();
    } else {
      const allowed =
        'allowed' in taken ? Float64Array.from(taken.allowed).sort((a, b) => a - b) : undefined;
      const search = { vector: draw(), k: taken.k, allowed };
      const right = rankByComparing(records, search);
      const { ranked, plan } = bench.index().search(search);
      expect(ranked.length).toBe(right.length);
      expect(plan.vectors).toBe([...records.values()].flat().length);
      const scores = rankByComparing(records, { ...search, k: 100 });
      for (const { record: found, score } of ranked) {
        expect(score).toBeCloseTo(scores.find((own) => own.record === found)?.score ?? NaN, 9);
      }
      expect(ranked).toEqual(ranked.toSorted((a, b) => b.score - a.score || a.record - b.record));
      if (right.length > 0) recalls.push(recallOf(ranked, right));
    }
  }
  for (const [number, vectors] of records) {
    expect(bench.index().vectorsOf(number)).toEqual(vectors);
  }
  return recalls;
}

describe('whatever was put, changed, removed, rolled back and reopened', () => {
  const inputs = [
    fc.array(step, { minLength: 1, maxLength: 120 }),
    fc.integer({ min: 1, max: 70 }),
    fc.integer(),
  ] as const;

  test('a small collection finds exactly the nearest', () => {
    fc.assert(
      fc.property(...inputs, (steps, dimensions, seed) => {
        const bench = openBench({});
        const random = createRandom(seed);
        try {
          const recalls = takeSteps(bench, steps, () => drawVector(random, dimensions));
          expect(recalls.every((recall) => recall === 1)).toBe(true);
        } finally {
          bench.close();
        }
      }),
      { numRuns: 15 },
    );
  });

  test.each([
    ['in memory', 256 * 1024 * 1024],
    ['with the nibbles in the file', 2600],
    ['all in the file', 0],
  ])('codes, %s, find right scores in the right order and miss hardly any', (_, bytes) => {
    const recalls: number[] = [];
    fc.assert(
      fc.property(...inputs, (steps, dimensions, seed) => {
        const bench = openBench({ limits: SMALL_SEGMENTS, memory: createCodeMemory(bytes) });
        const random = createRandom(seed);
        try {
          recalls.push(...takeSteps(bench, steps, () => drawVector(random, dimensions)));
        } finally {
          bench.close();
        }
      }),
      { numRuns: 15 },
    );
    const mean = recalls.reduce((sum, recall) => sum + recall, 0) / Math.max(1, recalls.length);
    expect(mean).toBeGreaterThan(0.97);
  });
});

/** Fills an index with as many vectors, a record each, and keeps them. */
function fill(bench: Bench, vectors: readonly Float32Array[]): void {
  bench.change(() => {
    for (const [at, vector] of vectors.entries()) {
      bench.index().replace(at + 1, [vector]);
      bench.records.set(at + 1, [vector]);
    }
  });
}

describe('of twenty thousand vectors, the ten nearest are found', () => {
  const dimensions = 48;
  test.each(Object.entries(VECTOR_SETS))('%s', (_, makeDraw) => {
    const draw = makeDraw(createRandom(7), dimensions);
    const bench = openBench({});
    fill(bench, Array.from({ length: 20_000 }, draw));
    const recalls = Array.from({ length: 25 }, () => {
      const search = { vector: draw(), k: 10 };
      const { ranked, plan } = bench.index().search(search);
      expect(plan.method).toBe('quantized');
      expect(plan.rescored).toBeLessThan(5000);
      return recallOf(ranked, rankByComparing(bench.records, search));
    });
    bench.close();
    const mean = recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
    expect(mean).toBeGreaterThanOrEqual(0.99);
  });
});
