import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { launchWorker } from '../../daemon/workers/launch.ts';
import type { FromWorker, ToWorker } from '../../daemon/workers/messages.ts';
import type { StoreOps, StoreStart } from '../../daemon/workers/store/ops.ts';

/** A store's process under a test: answers one call after the other. */
export interface StoreProcess {
  readonly child: ChildProcess;
  readonly call: <O extends keyof StoreOps>(
    op: O,
    params: StoreOps[O]['params'],
  ) => Promise<FromWorker>;
}

/** The real store process, sealed and loaded as the daemon does it. */
export async function startStoreProcess(
  start: StoreStart,
  { confinesReads = true }: { readonly confinesReads?: boolean } = {},
): Promise<StoreProcess> {
  const child = launchWorker({
    entry: new URL('../../daemon/workers/store/main.ts', import.meta.url),
    writableFolders: [dirname(start.path)],
    confinesReads,
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  expect(await nextMessage(child)).toEqual({ type: 'sealed' });
  expect(await ask(child, { type: 'start', start })).toMatchObject({ type: 'ready' });
  let id = 0;
  return { child, call: (op, params) => ask(child, { type: 'call', id: (id += 1), op, params }) };
}

function ask(child: ChildProcess, message: ToWorker): Promise<FromWorker> {
  child.send(message);
  return nextMessage(child);
}

async function nextMessage(child: ChildProcess): Promise<FromWorker> {
  const [message] = (await once(child, 'message')) as [FromWorker];
  return message;
}
