import { RpcError } from '@locara/protocol/errors';
import type { StoreDatabase } from '../../database/database.ts';
import { createCodeMemory, type CodeMemory } from './code-memory.ts';
import { dropCodeTable, openCodeTable } from './code-table.ts';
import { createCodes, type Codes } from './codes.ts';
import { findCandidates } from './rank-by-codes.ts';
import { rankExactly, rescore } from './rank-exactly.ts';
import { createRecordSet } from './record-set.ts';
import { createTopRecords } from './top-records.ts';
import type { VectorIndex, VectorPlan, VectorRanking, VectorSearch } from './vector-index.ts';
import { dropVectorTable, openVectorTable, type VectorTable } from './vector-table.ts';

/** What comparing a vector costs by its floats: the row, and each dimension. */
const ROW_US = 0.4;
const DIMENSION_US = 0.0014;
/** Looking up so few records' vectors is quicker than any scan. */
const FEW_ALLOWED = 256;
/** Codes are made beside other work, a segment at a time: on every so many vectors written, so many a search. */
const WRITES_PER_SEGMENT = 64;
const SEGMENTS_PER_SEARCH = 4;

/** From when on codes are made, measured (decision 0155). */
const LIMITS: VectorIndexLimits = { exactUs: 5000, segmentVectors: 512 };

export interface VectorIndexLimits {
  /** A collection that takes longer to compare as a whole is searched by codes. */
  readonly exactUs: number;
  /** So many vectors wait before codes are made of them at once; compared by their floats until then. */
  readonly segmentVectors: number;
}

export interface VectorIndexOptions {
  /** Shared by the collections of a store; of its own when absent. */
  readonly memory?: CodeMemory;
  readonly limits?: VectorIndexLimits;
}

/** The vectors of the collection with this number; its tables are made when they are missing. */
export function createVectorIndex(
  database: StoreDatabase,
  collectionId: number,
  { memory = createCodeMemory(), limits = LIMITS }: VectorIndexOptions = {},
): VectorIndex {
  let opened: Opened | undefined;
  const open = (): Opened => {
    opened ??= openTables(database, collectionId, { memory, limits });
    return opened;
  };
  const reset = (): void => {
    opened?.codes.forget();
    opened = undefined;
  };
  open();
  const remove = (record: number): void => {
    const { vectors, codes, counts } = open();
    for (const key of vectors.removeRecord(record)) {
      counts.vectors -= 1;
      if (key <= codes.sealedUpTo()) codes.remove(key);
      else counts.waiting -= 1;
    }
  };
  return {
    replace: (record, given) => {
      remove(record);
      const state = open();
      for (const vector of given) insert(state, record, vector);
    },
    remove,
    vectorsOf: (record) => open().vectors.vectorsOf(record),
    search: (search) => {
      const state = open();
      sealSome(state, search.vector.length);
      return rank(state, search);
    },
    reset,
    drop: () => {
      reset();
      dropVectorTable(database, collectionId);
      dropCodeTable(database, collectionId);
    },
  };
}

interface Opened {
  readonly vectors: VectorTable;
  readonly codes: Codes;
  readonly limits: VectorIndexLimits;
  /** All vectors; those of them without a code; the key of the next one. */
  readonly counts: { vectors: number; waiting: number; nextKey: number };
}

function openTables(
  database: StoreDatabase,
  collectionId: number,
  { memory, limits }: Required<VectorIndexOptions>,
): Opened {
  const vectors = openVectorTable(database, collectionId);
  const table = openCodeTable(database, collectionId);
  const codes = createCodes({ table, vectors, memory, segmentVectors: limits.segmentVectors });
  const sealed = codes.sealedUpTo();
  return {
    vectors,
    codes,
    limits,
    counts: {
      vectors: vectors.countAfter(0),
      waiting: vectors.countAfter(sealed),
      // A key below is that of a code, whether its vector is still there or not.
      nextKey: Math.max(vectors.highestKey(), sealed) + 1,
    },
  };
}

function insert(state: Opened, record: number, vector: Float32Array): void {
  const { vectors, counts } = state;
  vectors.insert({ key: counts.nextKey, record, vector });
  counts.nextKey += 1;
  counts.vectors += 1;
  counts.waiting += 1;
  if (counts.nextKey % WRITES_PER_SEGMENT === 0 && isSealable(state, vector.length)) seal(state);
}

function seal({ codes, counts }: Opened): void {
  counts.waiting -= codes.seal();
}

function isSealable(state: Opened, dimensions: number): boolean {
  return state.counts.waiting >= state.limits.segmentVectors && isLong(state, dimensions);
}

function isLong({ counts, limits }: Opened, dimensions: number): boolean {
  return counts.vectors * (ROW_US + dimensions * DIMENSION_US) > limits.exactUs;
}

/** Catches up with vectors that have no code: those of an earlier version, or written at once. */
function sealSome(state: Opened, dimensions: number): void {
  try {
    for (let made = 0; made < SEGMENTS_PER_SEARCH && isSealable(state, dimensions); made += 1) {
      seal(state);
    }
  } catch (error) {
    // A store without room for codes can still be searched.
    if (!(error instanceof RpcError)) throw error;
  }
}

function rank(state: Opened, search: VectorSearch): VectorRanking {
  const { vector, k } = search;
  const allowed =
    search.allowed === undefined
      ? undefined
      : { records: search.allowed, has: createRecordSet(search.allowed) };
  const top = createTopRecords(k);
  const reason = explainExact(state, search);
  const { vectors } = state.counts;
  if (reason !== undefined) {
    rankExactly(state.vectors, { vector, k, allowed, after: 0 }, top);
    const rescored = allowed === undefined ? vectors : Math.min(vectors, allowed.records.length);
    return {
      ranked: top.ranked(),
      plan: { method: 'exact', reason, vectors, scanned: 0, rescored },
    };
  }
  const { waiting } = state.counts;
  const after = state.codes.sealedUpTo();
  if (waiting > 0) rankExactly(state.vectors, { vector, k, allowed, after }, top);
  const { candidates, scanned } = findCandidates(state.codes.open(), {
    vector,
    k,
    isAllowed: allowed?.has,
  });
  const rescored = rescore(state.vectors, vector, { candidates, top });
  const plan: VectorPlan = {
    method: 'quantized',
    reason: 'The collection is large.',
    vectors,
    scanned,
    rescored: rescored + waiting,
  };
  return { ranked: top.ranked(), plan };
}

/** Why every vector is compared by its floats; undefined when codes are quicker. */
function explainExact(
  state: Opened,
  { vector, allowed, isExact = false }: VectorSearch,
): string | undefined {
  if (isExact) return 'The search asked for it.';
  if (!isLong(state, vector.length)) return 'The collection is small.';
  if (allowed !== undefined && allowed.length <= FEW_ALLOWED)
    return 'The filter leaves few records.';
  if (state.codes.sealedUpTo() === 0) return 'Its codes are not made yet.';
  return undefined;
}
