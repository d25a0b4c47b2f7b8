import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createHome, failedStart, startDaemonProcess } from '../support/daemon-process.ts';
import { openWire } from '../support/raw-client.ts';
import { listOpenPaths } from '../support/written-files.ts';

test('needs nothing but its home folder, says it is ready, and stops with 0', async () => {
  const home = createHome();
  const daemon = await startDaemonProcess({ home });
  expect(daemon.readyLine).toBe(`ready ${home}/run/app.sock`);
  expect(statSync(join(home, 'run')).mode & 0o777).toBe(0o700);
  expect(statSync(daemon.appSocket).mode & 0o777).toBe(0o600);
  expect(statSync(daemon.controlSocket).mode & 0o777).toBe(0o600);
  expect(await daemon.stop()).toBe(0);
  expect(existsSync(daemon.appSocket)).toBe(false);
});

test('every file it makes is closed to others', async () => {
  const home = createHome();
  await using daemon = await startDaemonProcess({ home });
  expect(daemon.pid).toBeGreaterThan(0);
  expect(listOpenPaths(home)).toEqual([]);
});

test('a second daemon is refused and names the first', async () => {
  await using daemon = await startDaemonProcess();
  const { code, complaint } = await failedStart(daemon.home);
  expect(code).toBe(1);
  expect(complaint).toContain(`already running here (pid ${daemon.pid})`);
  const wire = await openWire(daemon.appSocket);
  expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
  wire.end();
});

test('a stale socket of a killed daemon is replaced', async () => {
  const home = createHome();
  const killed = await startDaemonProcess({ home });
  killed.child.kill('SIGKILL');
  await new Promise((resolve) => killed.child.once('exit', resolve));
  expect(existsSync(killed.appSocket)).toBe(true);
  await using daemon = await startDaemonProcess({ home });
  const wire = await openWire(daemon.appSocket);
  expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
  wire.end();
});

test('a socket path of 104 bytes is refused with its length', async () => {
  const base = mkdtempSync(join(tmpdir(), 'l-'));
  const home = join(base, 'x'.repeat(104 - '/run/app.sock'.length - base.length - 1));
  const { code, complaint } = await failedStart(home);
  expect(code).toBe(1);
  expect(complaint).toMatch(/10[4-9] bytes long, the limit is 103/);
});

test('a folder that anyone may write to is refused', async () => {
  const home = createHome();
  mkdirSync(join(home, 'run'));
  chmodSync(join(home, 'run'), 0o777);
  const { code, complaint } = await failedStart(home);
  expect(code).toBe(1);
  expect(complaint).toContain('Others may write to this folder');
});

test('a symbolic link or a file in the place of the socket is refused, not followed', async () => {
  for (const place of [
    (path: string) => {
      symlinkSync('/tmp/elsewhere', path);
    },
    (path: string) => {
      writeFileSync(path, 'precious');
    },
  ]) {
    const home = createHome();
    mkdirSync(join(home, 'run'), { mode: 0o700 });
    place(join(home, 'run/app.sock'));
    const { code, complaint } = await failedStart(home);
    expect(code).toBe(1);
    expect(complaint).toContain('in the way');
  }
});

test('another listener on the path is left alone', async () => {
  const home = createHome();
  mkdirSync(join(home, 'run'), { mode: 0o700 });
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(join(home, 'run/app.sock'), resolve));
  const { code, complaint } = await failedStart(home);
  expect(code).toBe(1);
  expect(complaint).toContain('Another process listens');
  squatter.close();
});

test('a wrong setting names the variable', async () => {
  const { code, complaint } = await failedStart(createHome(), {
    environment: { LOCARA_LOG_LEVEL: 'loud' },
  });
  expect(code).toBe(1);
  expect(complaint).toContain('LOCARA_LOG_LEVEL');
});

test('an unreadable daemon key is an error, never replaced', async () => {
  const home = createHome();
  const first = await startDaemonProcess({ home });
  await first.stop();
  const path = join(home, 'data/keys/daemon.pem');
  writeFileSync(path, 'damaged');
  const { code } = await failedStart(home);
  expect(code).toBe(1);
  expect(readFileSync(path, 'utf8')).toBe('damaged');
});
