import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { RpcError } from '@locara/protocol';
import type { LoadedEngine } from '../../../daemon/workers/engine.ts';
import type { EchoOps, EchoStart } from './ops.ts';

export async function loadEcho({ load = 'normally' }: EchoStart): Promise<LoadedEngine<EchoOps>> {
  if (load === 'crash') process.abort();
  if (load === 'refuse') throw new RpcError('UnsupportedMedia', 'The model is not a model.');
  if (load === 'slowly') await sleep(400);
  if (load === 'never') await sleep(600_000);
  return {
    device: { device: 'CPU', threads: 1, why: 'It echoes.' },
    engine: {
      echo: ({ text }) => ({ text }),
      count: ({ to }, call) => {
        call.progress({ stage: 'running', completed: 0, total: to });
        for (let n = 1; n <= to; n += 1) call.chunk({ n });
        return { pid: process.pid };
      },
      sleep: async ({ ms }, call) => {
        await sleep(ms, undefined, { signal: call.signal });
        return { pid: process.pid };
      },
      snooze: async ({ ms, chunk = false }, call) => {
        if (chunk) call.chunk({ n: 1 });
        await sleep(ms);
        return { pid: process.pid };
      },
      spin: ({ ms }) => {
        const end = Date.now() + ms;
        while (Date.now() < end);
        return { pid: process.pid };
      },
      crash: () => process.abort(),
      refuse: () => {
        throw new RpcError('Conflict', 'No.', { details: { rule: 'never' } });
      },
      bug: ({ secret }) => {
        throw new TypeError(`can not ${secret}`);
      },
      uncloneable: () => ({ f: () => 1 }),
      write: ({ path }) => ({ code: tryWrite(path) }),
      environment: () => ({
        variables: Object.keys(process.env),
        cwd: process.cwd(),
        fds: readdirSync('/proc/self/fd').map(readTarget),
      }),
    },
  };
}

function readTarget(fd: string): string {
  try {
    return `${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`;
  } catch {
    return `${fd} gone`;
  }
}

function tryWrite(path: string): string {
  try {
    writeFileSync(path, 'x');
    return '';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
