import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CanaryOps, CanaryTargets, Exit } from '../../../daemon/workers/canary/ops.ts';
import { createWorker } from '../../../daemon/workers/supervisor.ts';
import { canRestrictFiles } from '../../support/landlock.ts';

const CONTROL = new URL('../../fakes/unsealed-canary.ts', import.meta.url);
const ABSTRACT = `locara-canary-${process.pid}`;

let arrivals = 0;
const servers: Server[] = [];
const udp = createSocket('udp4', () => {
  arrivals += 1;
});
let targets: CanaryTargets;
let folder: string;

async function listen(at: string | number): Promise<Server> {
  const server = createServer((socket) => {
    arrivals += 1;
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
  });
  servers.push(server);
  if (typeof at === 'number') server.listen(at, '127.0.0.1');
  else server.listen(at);
  await once(server, 'listening');
  return server;
}

beforeAll(async () => {
  // Outside the system's temporary folder, which a worker may write to on macOS.
  folder = mkdtempSync(join(import.meta.dirname, '.canary-'));
  const unixPath = join(mkdtempSync(join(tmpdir(), 'canary-')), 's');
  const filePath = join(folder, 'file');
  writeFileSync(filePath, '');
  const tcp = await listen(0);
  await listen(unixPath);
  await listen(`\0${ABSTRACT}`);
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  targets = {
    tcpPort: (tcp.address() as AddressInfo).port,
    udpPort: udp.address().port,
    unixPath,
    abstractName: ABSTRACT,
    filePath,
    pid: process.pid,
  };
});

afterAll(() => {
  for (const server of servers) server.close();
  udp.close();
  rmSync(folder, { recursive: true });
});

test('a sealed worker finds no way out', async () => {
  const worker = createWorker<CanaryOps>(
    {
      kind: 'canary',
      model: 'canary',
      start: {},
      cancel: 'message',
      cancelGraceMs: 1000,
      startTimeoutMs: 20_000,
      idleMs: 60_000,
      maxConcurrent: 1,
      maxQueued: 1,
    },
    { log: { info: () => undefined, warn: () => undefined } },
  );
  try {
    const { exits } = await worker.call('escape', targets);
    const open = exits.filter((exit) => !exit.isBlocked).map((exit) => exit.way);
    expect(open).toEqual(canRestrictFiles() ? [] : ['file write']);
    expect(exits.length).toBeGreaterThanOrEqual(14);
    expect(arrivals).toBe(0);
  } finally {
    await worker.close();
  }
});

test('the same program without the seal finds every way open, so the proof above proves something', async () => {
  const child = fork(CONTROL, { execArgv: ['--conditions=locara-source'] });
  try {
    child.send(targets);
    const [exits] = (await once(child, 'message')) as [readonly Exit[]];
    const open = exits.filter((exit) => !exit.isBlocked).map((exit) => exit.way);
    expect(open).toEqual(
      expect.arrayContaining([
        'tcp',
        'listen',
        'udp',
        'dns',
        'unix socket',
        ...(process.platform === 'linux'
          ? ['abstract socket', 'syscall socket', 'syscall socketpair']
          : []),
        'fetch',
        'worker thread',
        'child process',
        'child process, sync',
        'own runtime',
        'file write',
        'signal to another process',
      ]),
    );
    expect(arrivals).toBeGreaterThanOrEqual(6);
    expect(readFileSync(targets.filePath, 'utf8')).toBe('x');
  } finally {
    child.kill();
  }
});
