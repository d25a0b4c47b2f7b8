import { once } from 'node:events';
import { createServer } from 'node:net';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { findSandboxObstacle, runApp, writeProgram } from '../support/launched-app.ts';
import { openWire, type Wire } from '../support/raw-client.ts';

const ROOT = join(import.meta.dirname, '../..');
const PROBE = join(ROOT, 'test/fakes/sandbox-exits.ts');
const obstacle = findSandboxObstacle();
const MEBIBYTE = 1024 * 1024;

describe.skipIf(obstacle !== undefined)(`ways out of a sandbox (${obstacle ?? 'real'})`, () => {
  let daemon: DaemonProcess;
  let control: Wire;
  let report: Record<string, unknown>;

  beforeAll(async () => {
    daemon = await startDaemonProcess();
    await installSample(daemon.controlSocket);
    control = await openWire(daemon.controlSocket);
    const app = await runApp(control, {
      appId: 'acme/notes',
      command: [process.execPath, PROBE],
      programFolder: ROOT,
    });
    const { stdout, stderr } = await app.ended;
    expect(stderr).toBe('');
    report = JSON.parse(stdout) as Record<string, unknown>;
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
  });

  test('attack 18: a daemon of root lends its apps no setting of the kernel, such as core_pattern', () => {
    expect(new Set(report['settings'] as string[])).not.toContain('done');
  });

  test('attack 18: no socket leads to a file, the hypervisor or the kernel', () => {
    expect(report['families']).toEqual({
      unix: 'EAFNOSUPPORT',
      inet: 'done',
      inet6: 'done',
      packet: 'EAFNOSUPPORT',
      alg: 'EAFNOSUPPORT',
      vsock: 'EAFNOSUPPORT',
    });
    expect(report['pairs']).toEqual({ stream: 'done', datagram: 'EAFNOSUPPORT', sequence: 'done' });
  });

  test('no folder but its home and the temporary ones can be written to', () => {
    expect(new Set(report['folders'] as string[])).not.toContain('done');
  });

  test('what it keeps in memory folders is bounded', () => {
    for (const bytes of report['temporaryBytes'] as number[]) {
      expect(bytes).toBeLessThanOrEqual(512 * MEBIBYTE);
    }
  });

  test('a fork bomb and a hungry process end at a bound, before the work of the user does', () => {
    const limits = report['limits'] as Record<string, [string, string]>;
    expect(limits['Max processes']).toEqual(['2048', '2048']);
    expect(limits['Max core file size']).toEqual(['0', '0']);
    const [soft = '', hard = ''] = limits['Max data size'] ?? [];
    expect(soft).toBe(hard);
    expect(Number(hard)).toBeLessThanOrEqual(Math.max(totalmem() / 2, 2 * 1024 ** 3));
    expect(report['firstToEnd']).toBe('1000');
  });

  test('it has neither a disk nor the terminal of the user', () => {
    expect(report['terminal']).not.toBe('done');
    expect(report['devices']).toEqual(
      ['core', 'fd', 'full', 'null', 'ptmx', 'pts', 'random', 'shm'].concat([
        'stderr',
        'stdin',
        'stdout',
        'tty',
        'urandom',
        'zero',
      ]),
    );
  });

  test('attack 18: a socket file inside the program folder, made before or after, is no way out', async () => {
    const folder = writeProgram(`
      import { connect } from 'node:net';
      connect('service.sock').on('error', ({ code }) => console.log(code)).on('connect', () => {
        console.log('reached');
        process.exit();
      });
    `);
    const listener = createServer().listen(join(folder, 'service.sock'));
    await once(listener, 'listening');
    const app = await runApp(control, {
      appId: 'acme/notes',
      command: [process.execPath, 'main.mjs'],
      programFolder: folder,
      currentFolder: folder,
    });
    expect((await app.ended).stdout).toBe('EAFNOSUPPORT\n');
    listener.close();
  });
});
