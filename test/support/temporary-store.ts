import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RpcError } from '@locara/protocol';
import { onTestFinished } from 'vitest';
import { openStoreDatabase, type StoreDatabase } from '../../daemon/stores/database.ts';
import type { StoreStart } from '../../daemon/workers/store/ops.ts';

/** A folder that is gone after the test. */
export function makeTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'locara-store-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export function makeStoreStart(overrides: Partial<StoreStart> = {}): StoreStart {
  return {
    path: join(makeTemporaryFolder(), 'store.db'),
    key: randomBytes(32),
    quotaBytes: 64 * 1024 * 1024,
    ...overrides,
  };
}

/** A real encrypted database in a temporary folder. */
export function openTemporaryStore(overrides: Partial<StoreStart> = {}): StoreDatabase {
  const database = openStoreDatabase(makeStoreStart(overrides));
  onTestFinished(() => {
    database.close();
  });
  return database;
}

/** The RpcError that `work` throws, as what an app would see of it. */
export function refusalOf(work: () => unknown): Pick<RpcError, 'reason' | 'details' | 'message'> {
  try {
    work();
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
