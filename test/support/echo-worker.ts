import { RpcError } from '@locara/protocol';
import { afterEach, expect } from 'vitest';
import { createWorker } from '../../daemon/workers/supervisor.ts';
import type { WorkerDependencies } from '../../daemon/workers/worker-dependencies.ts';
import type { Worker, WorkerSpec } from '../../daemon/workers/worker.ts';
import type { EchoOps, EchoStart } from '../fakes/echo-worker/ops.ts';

export const ECHO = new URL('../fakes/echo-worker/main.ts', import.meta.url);

/** Opens supervised echo workers, and closes those of a test after it. */
export function useEchoWorkers(): {
  readonly open: (
    spec?: Partial<WorkerSpec> & { readonly start?: EchoStart | (() => unknown) },
    dependencies?: Partial<WorkerDependencies>,
  ) => Worker<EchoOps>;
  /** Everything the supervisors logged. */
  readonly logged: readonly unknown[];
} {
  const opened: Worker<EchoOps>[] = [];
  const logged: unknown[] = [];
  const log = {
    info: (...line: unknown[]) => void logged.push(line),
    warn: (...line: unknown[]) => void logged.push(line),
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((worker) => worker.close()));
  });
  const open = (
    spec: Partial<WorkerSpec> = {},
    dependencies: Partial<WorkerDependencies> = {},
  ): Worker<EchoOps> => {
    const worker = createWorker<EchoOps>(
      {
        kind: 'canary',
        model: 'echo',
        start: {},
        cancel: 'message',
        cancelGraceMs: 300,
        startTimeoutMs: 20_000,
        idleMs: 60_000,
        maxConcurrent: 1,
        maxQueued: 4,
        ...spec,
      },
      { log, entry: ECHO, ...dependencies },
    );
    opened.push(worker);
    return worker;
  };
  return { open, logged };
}

/** The RpcError a call fails with; anything else is thrown. */
export async function failureOf(call: Promise<unknown>): Promise<RpcError> {
  const error: unknown = await call.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof RpcError) return error;
  throw error;
}

export function isProcessRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function untilRunning(worker: Worker<EchoOps>, running = 1): Promise<void> {
  await expect.poll(() => worker.status().running).toBe(running);
}
