import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  createHome,
  type DaemonProcess,
  failedStart,
  spawnDaemon,
  startDaemonProcess,
} from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type Wire, type WireMessage } from '../support/raw-client.ts';
import { listOpenPaths } from '../support/written-files.ts';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const longChat = { messages: [{ role: 'user', content: 'Once' }], maxTokens: 2000, temperature: 1 };

async function openSession(daemon: DaemonProcess): Promise<Wire> {
  const credentials = await installSample(daemon.controlSocket);
  const wire = await openWire(daemon.appSocket);
  expect((await authenticate(wire, credentials)).error).toBeUndefined();
  return wire;
}
async function startStream(wire: Wire): Promise<void> {
  wire.send({ jsonrpc: '2.0', id: 'c', method: 'llm.chat', params: longChat });
  await wire.next(({ method }) => method === '$/chunk');
}
async function expectAlive(daemon: DaemonProcess): Promise<void> {
  expect(daemon.child.exitCode).toBeNull();
  const wire = await openWire(daemon.appSocket);
  expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
  wire.end();
}
const answerTo = (wire: Wire, wanted: string): Promise<WireMessage> =>
  wire.next(({ id }) => id === wanted);

test('SIGTERM tells the apps, waits for the deadline, answers what still runs, and exits 0', async () => {
  const daemon = await startDaemonProcess({ environment: { LOCARA_DRAIN_TIMEOUT_MS: '2000' } });
  const wire = await openSession(daemon);
  await startStream(wire);
  const startedAt = performance.now();
  daemon.child.kill('SIGTERM');
  const notice = await wire.next(({ method }) => method === 'daemon.draining');
  expect(notice.params).toEqual({ reason: 'stopping', deadlineMs: 2000 });
  const refused = await wire.call('daemon.status', {}, 'late');
  expect(refused.error?.data).toMatchObject({ reason: 'Unavailable', retryable: true });
  daemon.child.kill('SIGTERM');
  expect((await answerTo(wire, 'c')).error?.data.reason).toBe('Cancelled');
  expect(await daemon.stop()).toBe(0);
  // Without the deadline the story goes on for much longer.
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  expect(existsSync(daemon.appSocket)).toBe(false);
});

test('SIGTERM lets a call that ends in time end', async () => {
  const daemon = await startDaemonProcess();
  const wire = await openSession(daemon);
  const params = { ...longChat, maxTokens: 30, temperature: 0 };
  wire.send({ jsonrpc: '2.0', id: 'c', method: 'llm.chat', params });
  await wire.next(({ method }) => method === '$/chunk');
  daemon.child.kill('SIGTERM');
  expect((await answerTo(wire, 'c')).result).toMatchObject({ finishReason: 'length' });
  expect(await daemon.stop()).toBe(0);
});

test('SIGTERM while a client never reads ends by the deadline with 0', async () => {
  const daemon = await startDaemonProcess({ environment: { LOCARA_DRAIN_TIMEOUT_MS: '500' } });
  const wire = await openSession(daemon);
  wire.socket.pause();
  for (let id = 0; id < 500; id += 1) {
    wire.send({ jsonrpc: '2.0', id: `d${id}`, method: 'rpc.discover' });
  }
  await wait(300);
  const startedAt = performance.now();
  expect(await daemon.stop()).toBe(0);
  // Below the time after which who takes nothing is dropped.
  expect(performance.now() - startedAt).toBeLessThan(20_000);
  wire.end();
});

test.each([20, 150, 300, 450])(
  'SIGTERM %d ms into the start ends it, and the next start works',
  async (ms) => {
    const home = createHome();
    const child = spawnDaemon(home);
    const exited = once(child, 'exit');
    await wait(ms);
    child.kill('SIGTERM');
    const [code, signal] = (await exited) as [number | null, string | null];
    expect(code === 0 || signal === 'SIGTERM').toBe(true);
    await using daemon = await startDaemonProcess({ home });
    await expectAlive(daemon);
  },
);

test('SIGHUP, a closed stdout and a closed stderr are no reason to stop', async () => {
  await using daemon = await startDaemonProcess();
  daemon.child.stdout?.destroy();
  daemon.child.stderr?.destroy();
  daemon.child.kill('SIGHUP');
  await wait(100);
  await expectAlive(daemon);
});

test('a start whose starter has stopped listening is a start', async () => {
  const home = createHome();
  const child = spawnDaemon(home);
  child.stdout?.destroy();
  await expect.poll(() => existsSync(join(home, 'run/app.sock'))).toBe(true);
  await wait(300);
  expect(child.exitCode).toBeNull();
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

test('after a SIGKILL nothing of a blob is left, and the next daemon serves', async () => {
  const home = createHome();
  const killed = await startDaemonProcess({ home });
  const wire = await openSession(killed);
  await wire.call('blobs.create', {});
  expect(readdirSync(join(home, 'run/blobs'))).toHaveLength(1);
  killed.child.kill('SIGKILL');
  await once(killed.child, 'exit');
  await using daemon = await startDaemonProcess({ home });
  expect(readdirSync(join(home, 'run/blobs'))).toEqual([]);
  await expectAlive(daemon);
});

test('of eight daemons started at once exactly one runs', async () => {
  const home = createHome();
  const children = Array.from({ length: 8 }, () => spawnDaemon(home));
  const ended: number[] = [];
  for (const child of children) child.once('exit', (code) => ended.push(code ?? -1));
  const outputs = children.flatMap(({ stdout }) => stdout ?? []);
  const ready = Promise.race(outputs.map((stdout) => once(stdout, 'data')));
  await expect.poll(() => ended, { timeout: 50_000 }).toEqual(Array<number>(7).fill(1));
  await ready;
  const wire = await openWire(join(home, 'run/app.sock'));
  expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
  wire.end();
  for (const child of children) child.kill('SIGTERM');
  await expect.poll(() => ended).toContain(0);
});

test('the run folder removed under the daemon: no second one on the same data, and a clean stop', async () => {
  const home = createHome();
  const daemon = await startDaemonProcess({ home });
  const wire = await openSession(daemon);
  await wire.call('blobs.create', {});
  rmSync(join(home, 'run'), { recursive: true });
  expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
  const { code, complaint } = await failedStart(home);
  expect(code).toBe(1);
  expect(complaint).toContain('already running');
  expect(await daemon.stop()).toBe(0);
});

test('few file descriptors: floods are turned away, nothing crashes, and it recovers', async () => {
  await using daemon = await startDaemonProcess({
    wrapper: ['prlimit', '--nofile=64'],
    environment: { LOCARA_AUTH_TIMEOUT_MS: '1000' },
  });
  for (let round = 0; round < 3; round += 1) {
    const wires = await Promise.allSettled(
      Array.from({ length: 200 }, () => openWire(daemon.appSocket)),
    );
    for (const wire of wires) {
      if (wire.status === 'fulfilled')
        wire.value.sendRaw('{"jsonrpc":"2.0","id":1,"method":"daemon.ping"}\n');
    }
    await wait(200);
    expect(daemon.child.exitCode).toBeNull();
    for (const wire of wires) if (wire.status === 'fulfilled') wire.value.end();
  }
  // What was turned away is let go of at its own time.
  await expect.poll(() => expectAlive(daemon).then(() => true)).toBe(true);
});

test('a disk that is full for the log: calls are answered and the stop is clean', async () => {
  const home = createHome();
  const first = await startDaemonProcess({ home });
  const credentials = await installSample(first.controlSocket);
  expect(await first.stop()).toBe(0);
  const limit = statSync(first.logFile).size + 600;
  const daemon = await startDaemonProcess({ home, wrapper: ['prlimit', `--fsize=${limit}`] });
  for (let round = 0; round < 20; round += 1) {
    const wire = await openWire(daemon.appSocket);
    const { error } = await authenticate(wire, credentials, { pid: 1 });
    expect(error?.data.reason).toBe('Unauthenticated');
    wire.end();
  }
  await expectAlive(daemon);
  expect(await daemon.stop()).toBe(0);
  expect(statSync(daemon.logFile).size).toBeLessThanOrEqual(limit);
});

test('a home by a relative name, a closing slash or a symbolic link gives the whole path', async () => {
  const home = createHome();
  for (const name of [`${home}/`, `${home}/x/..//`]) {
    const daemon = await startDaemonProcess({ home: name });
    expect(daemon.readyLine).toBe(`ready ${home}/run/app.sock`);
    await daemon.stop();
  }
  const link = `${home}-link`;
  symlinkSync(home, link);
  const linked = await startDaemonProcess({ home: link });
  await expectAlive(linked);
  expect(await linked.stop()).toBe(0);
  const relative = await startDaemonProcess({
    home: join('..', '..', '..', '..', '..', '..', home),
  });
  expect(relative.readyLine).toBe(`ready ${home}/run/app.sock`);
  expect(await relative.stop()).toBe(0);
});

test('a socket path of 103 bytes works', async () => {
  const base = mkdtempSync(join(tmpdir(), 'l-'));
  // The control socket has the longer name.
  const home = join(base, 'x'.repeat(103 - '/run/control.sock'.length - base.length - 1));
  await using daemon = await startDaemonProcess({ home });
  expect(Buffer.byteLength(daemon.controlSocket)).toBe(103);
  await expectAlive(daemon);
  expect((await (await openWire(daemon.controlSocket)).call('status.get')).error).toBeUndefined();
});

test('an umask of 0 opens nothing', async () => {
  const home = createHome();
  await using daemon = await startDaemonProcess({
    home,
    wrapper: ['sh', '-c', 'umask 0; exec "$@"', 'sh'],
  });
  await openSession(daemon);
  expect(listOpenPaths(home)).toEqual([]);
});

test('a home that others may write to, or own, is refused with what to do', async () => {
  const open = createHome();
  chmodSync(open, 0o777);
  expect((await failedStart(open)).complaint).toContain(`Run: chmod go-w ${open}`);
  const file = join(createHome(), 'file');
  mkdirSync(join(file, 'run'), { recursive: true });
  rmSync(file, { recursive: true });
  symlinkSync('/dev/null', file);
  const { code, complaint } = await failedStart(file);
  expect(code).toBe(1);
  expect(complaint).toMatch(/^locarad: .*\n$/);
});

test('nothing it logs in all this carries a stack of the wire or content', async () => {
  await using daemon = await startDaemonProcess();
  const wire = await openWire(daemon.appSocket);
  wire.sendRaw('my secret words\n');
  await wire.closed();
  expect(readFileSync(daemon.logFile, 'utf8')).not.toContain('secret');
});
