import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '@locara/protocol';
import { RpcError } from '@locara/protocol';
import { findBubblewrap } from '../sandbox/find-bubblewrap.ts';
import { readSystemParts } from '../sandbox/system-parts.ts';
import { DATABASE_FILE } from '../stores/database/store-file.ts';
import { workerEntry } from '../workers/entry.ts';
import { runOnce } from '../workers/run-once.ts';
import type { StoreStart } from '../workers/store/ops.ts';
import type { StoreWalls } from '../workers/store/ops/wall-ops.ts';
import { loadLinuxCalls } from '../workers/seal/linux-calls.ts';

const SEAL_TIMEOUT_MS = 15_000;
const SEAL_HEAP_MIB = 64;
const LANDLOCK_VERSION = 1;
const STORE_QUOTA_BYTES = 4 * 1024 * 1024;

/** Starts a worker that has nothing to do: it only says that it is loaded once its seal holds. */
export async function examineSeal(): Promise<Finding> {
  const { cause } = await runOnce({
    entry: workerEntry('verify'),
    op: 'none',
    params: {},
    timeoutMs: SEAL_TIMEOUT_MS,
    maxHeapMib: SEAL_HEAP_MIB,
  });
  const wall = process.platform === 'darwin' ? 'Seatbelt' : 'seccomp';
  // That it knows no such operation is the answer of a worker that is sealed and serves.
  if (cause === 'error') {
    const title = `Workers are sealed: ${wall} keeps them from the network and from other programs.`;
    return { id: 'seal', level: 'ok', title, detail: 'A worker was sealed just now.' };
  }
  if (cause === 'timeout') {
    const title = 'Whether workers can be sealed is not known: one did not answer in time.';
    return {
      id: 'seal',
      level: 'warning',
      title,
      fix: 'Try again when the computer is less busy.',
    };
  }
  return {
    id: 'seal',
    level: 'problem',
    title: `Workers cannot be sealed here by ${wall}: no model, store or signature check runs.`,
    fix: 'In a container, allow seccomp and the exec of the same program; the log says which step was refused.',
  };
}

/** Makes a store for nothing but this, and asks its process which walls hold: an app's own SQL needs them all. */
export async function examineStoreWalls(): Promise<Finding> {
  const id = 'store-walls';
  const folder = mkdtempSync(join(tmpdir(), 'locara-doctor-'));
  try {
    const start: StoreStart = {
      path: join(folder, DATABASE_FILE),
      keys: [randomBytes(32)],
      quotaBytes: STORE_QUOTA_BYTES,
      generation: 0,
    };
    const outcome = await runOnce({
      entry: workerEntry('store'),
      op: 'describeWalls',
      params: {},
      start,
      folder,
      timeoutMs: SEAL_TIMEOUT_MS,
      maxHeapMib: SEAL_HEAP_MIB,
    });
    return outcome.cause === 'result'
      ? describeStoreWalls(outcome.result as StoreWalls)
      : { id, level: 'warning', title: 'Whether SQL of apps can be confined is not known.' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function describeStoreWalls(walls: StoreWalls): Finding {
  const id = 'store-walls';
  if (walls.areFilesConfined && walls.areStatementsGuarded) {
    const title = 'SQL of apps runs: each store is confined to its own folder.';
    const detail = 'A store was made just now: its process read nothing around its folder.';
    return { id, level: 'ok', title, detail };
  }
  const title = 'SQL of apps is off (db.exec, query, batch, migrate); collections work.';
  return walls.areFilesConfined
    ? {
        id,
        level: 'warning',
        title,
        detail: 'SQLite could not be told which statements to refuse.',
        fix: 'Install Locara again: sqlite-vec or koffi is missing or of another version.',
      }
    : {
        id,
        level: 'warning',
        title,
        detail: 'A store’s process could read files outside its folder.',
        fix:
          process.platform === 'linux'
            ? 'Use a kernel from 5.13 on, with landlock among its security modules.'
            : 'Report this: the sandbox of this macOS does not keep a process from reading.',
      };
}

/** The second wall of workers, on Linux. */
export function examineLandlock(): Finding[] {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64'))
    return [];
  const version = loadLinuxCalls(process.arch).landlockCreate(null, 0, LANDLOCK_VERSION);
  if (version >= 1) {
    const title = `Landlock keeps workers from changing files (version ${version}).`;
    return [{ id: 'landlock', level: 'ok', title }];
  }
  return [
    {
      id: 'landlock',
      level: 'warning',
      title: 'This kernel has no Landlock: a worker could change files of yours.',
      detail: 'seccomp still keeps workers from the network and from other programs.',
      fix: 'Use a kernel from 5.13 on, with landlock among its security modules.',
    },
  ];
}

/** What `locara app run` needs. */
export async function examineSandbox(path: string | undefined): Promise<Finding[]> {
  if (process.platform !== 'linux') return [];
  const id = 'sandbox';
  try {
    await findBubblewrap({ path, system: await readSystemParts() });
    return [{ id, level: 'ok', title: 'Apps can be run in a sandbox: bubblewrap works.' }];
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const title = 'Apps cannot be run in a sandbox: `locara app run` refuses.';
    return [{ id, level: 'warning', title, fix: error.message }];
  }
}

/** Not to be checked: it is how the system works. */
export function describeSameUser(): Finding {
  return {
    id: 'same-user',
    level: 'note',
    title:
      'Any program that you start outside a sandbox can do with Locara what you can do: its rights are yours.',
    detail:
      'It can read the files of your apps and their credentials, and use this command. Apps started by `locara app run`, and sandboxed apps on macOS, cannot.',
  };
}
