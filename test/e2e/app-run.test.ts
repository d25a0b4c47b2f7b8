import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnCli } from '../support/cli-process.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { findSandboxObstacle, runApp, writeProgram } from '../support/launched-app.ts';
import { descendantsOf } from '../support/process-tree.ts';
import { openWire } from '../support/raw-client.ts';
import { createTemporaryFolder } from '../support/signed-package.ts';

const CLI = join(import.meta.dirname, '../../clients/cli/main.ts');
const obstacle = findSandboxObstacle();

describe.skipIf(obstacle !== undefined)(`locara app run (${obstacle ?? 'real'})`, () => {
  let daemon: DaemonProcess;

  beforeAll(async () => {
    daemon = await startDaemonProcess();
    await installSample(daemon.controlSocket);
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
  });
  const processesWith = (words: string) =>
    descendantsOf(daemon.pid).filter(({ command }) => command.includes(words));

  test('passes bytes and the exit code through', async () => {
    const bytes = randomBytes(3 * 1024 * 1024);
    const argv = ['app', 'run', 'acme/notes', '--', 'sh', '-c', 'cat; echo noise >&2; exit 5'];
    const child = spawn(process.execPath, ['--conditions=locara-source', CLI, ...argv], {
      env: { ...process.env, LOCARA_HOME: daemon.home },
    });
    child.stdin.end(bytes);
    const hash = createHash('sha256');
    child.stdout.on('data', (piece: Buffer) => hash.update(piece));
    const [noise] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect({ noise, code: child.exitCode }).toEqual({ noise: 'noise\n', code: 5 });
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('with --json prints one document, and the app goes to stderr', async () => {
    const argv = ['app', 'run', 'acme/notes', '--json', '--', 'sh', '-c', 'echo hello; exit 3'];
    const end = await spawnCli(argv, { LOCARA_HOME: daemon.home }).ended;
    expect(end).toEqual({
      exitCode: 3,
      stdout: '{"appId":"acme/notes","exitCode":3}\n',
      stderr: 'hello\n',
    });
  });

  test('an interrupt reaches the app, which cleans up; its exit code is the command’s', async () => {
    const program = writeProgram(`
      process.on('SIGINT', () => {
        console.log('cleaned up');
        process.exit(7);
      });
      setInterval(() => undefined, 1000);
      console.log('ready');
    `);
    const main = join(program, 'main.mjs');
    const argv = ['app', 'run', 'acme/notes', '--program', program, '--', process.execPath, main];
    const { child, ended } = spawnCli(argv, { LOCARA_HOME: daemon.home });
    await once(child.stdout ?? child, 'data');
    child.kill('SIGINT');
    expect(await ended).toEqual({ exitCode: 7, stdout: 'ready\ncleaned up\n', stderr: '' });
  });

  test('an app that ignores the signal is killed after a grace, with all it started', async () => {
    const script = 'trap "" INT TERM; (setsid sleep 1007 &); echo ready; sleep 1007; sleep 1007';
    const argv = ['app', 'run', 'acme/notes', '--', 'sh', '-c', script];
    const { child, ended } = spawnCli(argv, { LOCARA_HOME: daemon.home });
    await once(child.stdout ?? child, 'data');
    child.kill('SIGTERM');
    expect((await ended).exitCode).toBe(143);
    await expect.poll(() => processesWith('sleep 1007')).toEqual([]);
  });

  test('an interrupt ends the command and the app', async () => {
    const argv = ['app', 'run', 'acme/notes', '--', 'sh', '-c', 'echo ready; exec sleep 1005'];
    const { child, ended } = spawnCli(argv, { LOCARA_HOME: daemon.home });
    await once(child.stdout ?? child, 'data');
    child.kill('SIGINT');
    expect((await ended).exitCode).toBe(130);
    await expect.poll(() => processesWith('sleep 1005')).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux')('without a sandbox that works', () => {
  const pretender = join(createTemporaryFolder(), 'bwrap');
  writeFileSync(
    pretender,
    '#!/bin/sh\n[ "$1" = --version ] && { echo bubblewrap 0.8.0; exit; }\necho "bwrap: No permissions" >&2\nexit 1\n',
  );
  chmodSync(pretender, 0o755);

  test.each([
    ['is not installed', '/nowhere/bwrap', 'no_bubblewrap', 'apt install bubblewrap'],
    ['may not make namespaces', pretender, 'no_user_namespaces', 'user namespaces'],
  ])('bubblewrap that %s: nothing is started, and the user reads what to do', async (...row) => {
    const [, path, rule, hint] = row;
    await using daemon = await startDaemonProcess({ environment: { LOCARA_BUBBLEWRAP: path } });
    await installSample(daemon.controlSocket);
    const wire = await openWire(daemon.controlSocket);
    const witness = join(createTemporaryFolder(), 'started');
    const command = ['/usr/bin/touch', witness];
    const { error } = await (await runApp(wire, { appId: 'acme/notes', command })).ended;
    expect(error).toEqual({ reason: 'Unavailable', rule });
    const argv = ['app', 'run', 'acme/notes', '--', ...command];
    const end = await spawnCli(argv, { LOCARA_HOME: daemon.home }).ended;
    expect(end).toMatchObject({ exitCode: 1, stdout: '' });
    expect(end.stderr).toContain(hint);
    expect(existsSync(witness)).toBe(false);
    wire.end();
  });
});
