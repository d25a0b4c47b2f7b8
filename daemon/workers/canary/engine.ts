import { execFile, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { createServer, connect, type NetConnectOpts } from 'node:net';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { LoadedEngine } from '../engine.ts';
import { nativeWays } from './native-ways.ts';
import type { CanaryOps, CanaryTargets, Exit } from './ops.ts';

type Way = () => unknown;

const TIMEOUT_MS = 5000;
const UNSPECIFIC = new Set(['ENOENT', 'ETIMEDOUT', 'unknown']);

export function loadCanary(): LoadedEngine<CanaryOps> {
  return {
    device: { device: 'CPU', threads: 1, why: 'It only tries to get out.' },
    engine: { escape: async (targets) => ({ exits: await tryEveryWayOut(targets) }) },
  };
}

/** Tries each way and says which were refused. A way that fails for another reason counts as open. */
export async function tryEveryWayOut(targets: CanaryTargets): Promise<readonly Exit[]> {
  const exits: Exit[] = [];
  for (const [way, attempt] of Object.entries(waysOut(targets))) {
    exits.push({ way, ...(await judge(attempt)) });
  }
  return exits;
}

function waysOut(targets: CanaryTargets): Record<string, Way> {
  const { tcpPort, udpPort, unixPath, abstractName, filePath, pid } = targets;
  const url = `http://127.0.0.1:${tcpPort}/`;
  return {
    tcp: () => dial({ host: '127.0.0.1', port: tcpPort }),
    listen: () => listen(),
    udp: () => sendDatagram(udpPort),
    dns: () => queryDns(udpPort),
    'unix socket': () => dial({ path: unixPath }),
    ...(abstractName === ''
      ? {}
      : { 'abstract socket': () => dial({ path: `\0${abstractName}` }) }),
    fetch: () => fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }),
    'worker thread': () => dialInThread(tcpPort),
    'child process': () => promisify(execFile)('/bin/sh', ['-c', 'true'], { timeout: TIMEOUT_MS }),
    'child process, sync': () => {
      spawnOnce('/bin/sh', ['-c', 'true']);
    },
    curl: () => {
      spawnOnce('/usr/bin/env', ['curl', '-sf', '--max-time', '3', url]);
    },
    'own runtime': () => {
      spawnOnce(process.execPath, ['-e', '0']);
    },
    'file write': () => appendFile(filePath, 'x'),
    'signal to another process': () => process.kill(pid, 0),
    ...nativeWays(pid),
  };
}

async function judge(attempt: Way): Promise<Pick<Exit, 'isBlocked' | 'code'>> {
  try {
    await attempt();
    return { isBlocked: false, code: '' };
  } catch (error) {
    const code = errorCode(error);
    return { isBlocked: !UNSPECIFIC.has(code), code };
  }
}

function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? 'unknown' : errorCode(error.cause);
}

async function dial(to: NetConnectOpts): Promise<void> {
  const socket = connect({ ...to, timeout: TIMEOUT_MS });
  socket.once('timeout', () => socket.destroy(new Error('timed out')));
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

async function listen(): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
  } finally {
    server.close();
  }
}

async function sendDatagram(port: number): Promise<void> {
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.send('x', port, '127.0.0.1', (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  } finally {
    socket.close();
  }
}

/** Asks a name server of our own choice; any answer at all, even a refusal to answer, is a way out. */
async function queryDns(port: number): Promise<void> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  try {
    await resolver.resolve4('locara.invalid');
  } catch (error) {
    // ECONNREFUSED is what c-ares says when it could not even make its socket.
    if (errorCode(error) === 'ECONNREFUSED') throw error;
  }
}

async function dialInThread(port: number): Promise<void> {
  const source = `
    const { parentPort } = require('node:worker_threads');
    const socket = require('node:net').connect(${port}, '127.0.0.1');
    socket.on('connect', () => { parentPort.postMessage('open'); socket.destroy(); });
    socket.on('error', (error) => parentPort.postMessage(error.code));`;
  const worker = new Worker(source, { eval: true });
  try {
    const [answer] = (await once(worker, 'message')) as [string];
    if (answer !== 'open') throw Object.assign(new Error('refused'), { code: answer });
  } finally {
    await worker.terminate();
  }
}

function spawnOnce(command: string, args: readonly string[]): void {
  const { error } = spawnSync(command, args, { timeout: TIMEOUT_MS, stdio: 'ignore' });
  if (error !== undefined) throw error;
}
