import type { Finding } from '@locara/protocol';
import { RpcError } from '@locara/protocol';
import { findBubblewrap } from '../sandbox/find-bubblewrap.ts';
import { readSystemParts } from '../sandbox/system-parts.ts';
import { workerEntry } from '../workers/entry.ts';
import { runOnce } from '../workers/run-once.ts';
import { loadLinuxCalls } from '../workers/seal/linux-calls.ts';

const SEAL_TIMEOUT_MS = 15_000;
const SEAL_HEAP_MIB = 64;
const LANDLOCK_VERSION = 1;

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
