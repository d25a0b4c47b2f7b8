import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RpcError } from '@locara/protocol';
import { onTestFinished } from 'vitest';
import {
  type OpenOptions,
  openStoreDatabase,
  type StoreDatabase,
} from '../../daemon/stores/database/database.ts';
import type { StoreStart } from '../../daemon/workers/store/ops.ts';

/** A folder that is gone after the test. */
export function makeTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'locara-store-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

export function makeOpenOptions(overrides: Partial<OpenOptions> = {}): OpenOptions {
  return {
    path: join(makeTemporaryFolder(), 'store.db'),
    key: randomBytes(32),
    quotaBytes: 64 * 1024 * 1024,
    ...overrides,
  };
}

export function makeStoreStart(overrides: Partial<StoreStart> = {}): StoreStart {
  const { key, ...place } = makeOpenOptions();
  return { ...place, keys: [key], generation: 0, ...overrides };
}

/** A real encrypted database in a temporary folder. */
export function openTemporaryStore(overrides: Partial<OpenOptions> = {}): StoreDatabase {
  const database = openStoreDatabase(makeOpenOptions(overrides));
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
