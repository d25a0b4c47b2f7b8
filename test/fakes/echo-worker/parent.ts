import { setTimeout as sleep } from 'node:timers/promises';
import { createWorker } from '../../../daemon/workers/supervisor.ts';
import type { EchoOps } from './ops.ts';

/** A small daemon: starts an echo worker, reports its pid, and stays; or, told to `leave`, just ends. */
const mode = process.argv[2];
const worker = createWorker<EchoOps>(
  {
    kind: 'canary',
    model: 'echo',
    start: { load: mode === 'never' ? 'never' : 'normally' },
    cancel: 'message',
    cancelGraceMs: 1000,
    startTimeoutMs: 60_000,
    idleMs: 60_000,
    maxConcurrent: 1,
    maxQueued: 1,
  },
  {
    log: { info: () => undefined, warn: () => undefined },
    entry: new URL('./main.ts', import.meta.url),
  },
);
const call = worker.call('echo', { text: '' });
if (mode !== 'never') await call;
while (mode === 'never' && worker.status().pid === 0) await sleep(10);
if (mode === 'leave') process.disconnect?.();
else process.send?.({ pid: worker.status().pid });
