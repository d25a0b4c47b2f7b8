import { statSync } from 'node:fs';
import { RpcError } from '@locara/protocol/errors';
import type { Opening } from '../../workers/store/ops/opening-ops.ts';
import type { StoreStart } from '../../workers/store/ops.ts';
import { openStoreDatabase, type StoreDatabase } from './database.ts';
import {
  assertIntact,
  assertRegularFiles,
  isSuspect,
  isUnreadable,
  settleSuspicion,
} from './integrity.ts';
import { damaged, missing } from './store-errors.ts';
import { finishSwap } from './swap.ts';

/** Every store has it, from its first opening on. */
export const STATE_TABLE = 'locara_state';

export interface OpenedStore {
  readonly database: StoreDatabase;
  readonly opening: Opening;
  /** Closes the file; true when its generation was counted on before: then no copy taken meanwhile passes for it. */
  readonly close: () => boolean;
}

/**
 * Opens a store by the first key that fits, and counts its generation on. Throws Unavailable when no key
 * fits, when the file is lost, and when it is older than the last that was seen (`store_rolled_back`).
 */
export function openStore(start: StoreStart): OpenedStore {
  assertRegularFiles(start.path);
  finishSwap(start.path);
  const wasUnclean = bytesOf(`${start.path}-wal`) > 0 || isSuspect(start.path);
  if (start.generation > 0 && bytesOf(start.path) === 0) throw missing();
  const { database, keyIndex } = openByFirstKey(start);
  try {
    if (wasUnclean) assertIntact(database);
    settleSuspicion(start.path);
    const generation = countOn(database, start);
    return {
      database,
      opening: { keyIndex, wasUnclean, generation },
      close: () => closeCounted(database, generation + 1),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function openByFirstKey({ keys, path, quotaBytes }: StoreStart): {
  database: StoreDatabase;
  keyIndex: number;
} {
  let refusal: unknown = new Error('a store needs a key');
  for (const [keyIndex, key] of keys.entries()) {
    try {
      return { database: openStoreDatabase({ path, key, quotaBytes }), keyIndex };
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      refusal = error;
    }
  }
  // The key is this store's own: a file that it does not open is damaged, or another one.
  throw isUnreadable(refusal) ? damaged() : refusal;
}

/** The generation is committed in the file before anyone hears of it: what is on record is never ahead of the file. */
function countOn(database: StoreDatabase, { generation: last, acceptsOlder }: StoreStart): number {
  createState(database);
  const found = readGeneration(database);
  if (found < last && acceptsOlder !== true) throw rolledBack();
  // Also past a generation that a killed daemon did not put on record: each opening has its own.
  const next = Math.max(found, last) + 1;
  stampGeneration(database, next);
  return next;
}

/** 0 in a file that has none yet. */
function readGeneration(database: StoreDatabase): number {
  const [row] = [
    ...database.prepare("SELECT value FROM locara_state WHERE name = 'generation'").rows(),
  ];
  return Number(row?.[0] ?? 0);
}

/** On the disk when it returns. A file that is to take the store's place needs the generation of the one it replaces. */
export function stampGeneration(database: StoreDatabase, generation: number): void {
  createState(database);
  database
    .prepare("INSERT OR REPLACE INTO locara_state VALUES ('generation', ?)")
    .run([BigInt(generation)]);
}

function createState(database: StoreDatabase): void {
  database
    .prepare(
      `CREATE TABLE IF NOT EXISTS ${STATE_TABLE} (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT`,
    )
    .run();
}

function closeCounted(database: StoreDatabase, generation: number): boolean {
  try {
    stampGeneration(database, generation);
  } catch {
    // A full disk, or a file gone bad: what was acknowledged is in it all the same.
    database.close();
    return false;
  }
  database.close();
  return true;
}

function rolledBack(): RpcError {
  return new RpcError('Unavailable', 'An older file was put in the place of this store.', {
    details: { rule: 'store_rolled_back' },
  });
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
