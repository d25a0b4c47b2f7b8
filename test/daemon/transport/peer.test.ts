import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPeers } from '../../../daemon/transport/peer.ts';
import { parseStat } from '../../../daemon/transport/platform/linux.ts';

const CLIENT = new URL('../../fakes/socket-client.ts', import.meta.url);

describe.skipIf(process.platform !== 'linux' && process.platform !== 'darwin')('a peer', () => {
  let folder: string;
  let server: Server;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'peer-'));
    server = createServer().listen(join(folder, 's'));
    await once(server, 'listening');
  });

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    server.close();
    rmSync(folder, { recursive: true });
  });

  async function accept(): Promise<{ readonly child: ChildProcess; readonly socket: Socket }> {
    const arrival = once(server, 'connection') as Promise<[Socket]>;
    const child = fork(CLIENT, [join(folder, 's')], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    children.push(child);
    const [socket] = await arrival;
    socket.on('error', () => undefined);
    return { child, socket };
  }

  test('is the process the kernel says it is', async () => {
    const { child, socket } = await accept();
    const peer = createPeers().readPeer(socket);
    expect(peer).toMatchObject({
      pid: child.pid,
      uid: process.getuid?.(),
      gid: process.getgid?.(),
    });
    expect(peer.instance).not.toBe('');
    socket.destroy();
  });

  test('is alive until its process is gone, even while another holds the socket', async () => {
    const { child, socket } = await accept();
    const peers = createPeers();
    const peer = peers.readPeer(socket);
    expect(peers.isPeerAlive(socket, peer)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(peers.isPeerAlive(socket, peer)).toBe(false);
    socket.destroy();
  });

  test('is not another process that got its number', async () => {
    const { socket } = await accept();
    const peers = createPeers();
    const peer = peers.readPeer(socket);
    expect(peers.isPeerAlive(socket, { ...peer, instance: 'earlier' })).toBe(false);
    socket.destroy();
  });

  test('has no identity once the socket is closed', async () => {
    const { socket } = await accept();
    const peers = createPeers();
    const peer = peers.readPeer(socket);
    socket.destroy();
    expect(() => peers.readPeer(socket)).toThrow('the connection is closed');
    expect(peers.isPeerAlive(socket, peer)).toBe(false);
  });

  test('has ancestors up to the first process, this one among them', () => {
    const child = spawn('/bin/sh', ['-c', 'sleep 30 & wait'], { stdio: 'ignore' });
    children.push(child);
    const line = createPeers().processAncestors(child.pid ?? 0);
    expect(line.slice(0, 2)).toEqual([child.pid, process.pid]);
    expect(line).toContain(process.ppid);
  });

  test('has no ancestors when it is gone', async () => {
    const child = spawn('/bin/true');
    await once(child, 'exit');
    expect(createPeers().processAncestors(child.pid ?? 0)).toEqual([]);
    expect(createPeers().processAncestors(0)).toEqual([]);
    expect(createPeers().processAncestors(-1)).toEqual([]);
  });
});

test('a platform that does not tell who connects is refused', () => {
  expect(() => createPeers('win32')).toThrow('does not tell who connects');
});

describe('/proc/PID/stat', () => {
  const tail = 'S 42 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 200';

  test.each(['node', 'a b', ') S 1 (', 'x) R 666 ((', ''])(
    'is read right when the process calls itself %j',
    (name) => {
      expect(parseStat(`7 (${name}) ${tail}`)).toEqual({
        state: 'S',
        parent: 42,
        startTime: '98765',
      });
    },
  );

  test('is not believed when it is cut off', () => {
    expect(parseStat('7 (node) S 42')).toBeUndefined();
    expect(parseStat('')).toBeUndefined();
  });
});

test.runIf(process.platform === 'linux')(
  'a hardened process hides its memory and environment from its own user',
  () => {
    const script = `
      const { createPeers } = await import(${JSON.stringify(new URL('../../../daemon/transport/peer.ts', import.meta.url).href)});
      createPeers().hardenProcess();
      const { statSync } = await import('node:fs');
      console.log(statSync('/proc/self/environ').uid, process.getuid());`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      ...(process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}),
    });
    const [owner, user] = output.trim().split(' ');
    // The kernel gives the files of a process that must not be looked into to root.
    expect(owner).toBe('0');
    expect(user).not.toBe('0');
  },
);
