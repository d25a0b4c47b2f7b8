import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { findSandboxObstacle, runApp, writeProgram } from '../support/launched-app.ts';
import { descendantsOf } from '../support/process-tree.ts';
import { openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';

const ROOT = join(import.meta.dirname, '../..');
const FAKE_APP = join(ROOT, 'test/fakes/launched-app.ts');
const obstacle = findSandboxObstacle();
const searchPath = '/usr/bin:/bin';

/** What a program of the same user can read there; the daemon lets none read its environment. */
function readShown(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

describe.skipIf(obstacle !== undefined)(`an app in a sandbox (${obstacle ?? 'real'})`, () => {
  let daemon: DaemonProcess;
  let control: Wire;
  let listener: Server;
  let other: RawCredentials;

  beforeAll(async () => {
    daemon = await startDaemonProcess();
    await installSample(daemon.controlSocket);
    other = await installSample(daemon.controlSocket, { name: 'other' });
    control = await openWire(daemon.controlSocket);
    listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
  });
  afterAll(async () => {
    listener.close();
    await daemon[Symbol.asyncDispose]();
  });

  const shell = (script: string, appId = 'acme/notes') =>
    runApp(control, { appId, command: ['sh', '-c', script], searchPath });
  const processesWith = (words: string) =>
    descendantsOf(daemon.pid).filter(({ command }) => command.includes(words));

  test('attack 18: uses its rights over descriptor 3, and reaches nothing else of the machine', async () => {
    const otherFolder = join(daemon.home, 'data/apps/acme/other');
    const targets = {
      port: (listener.address() as AddressInfo).port,
      sockets: [
        daemon.controlSocket,
        daemon.appSocket,
        '/run/docker.sock',
        '/run/dbus/system_bus_socket',
      ],
      files: [homedir(), daemon.home, otherFolder, '/etc/shadow', '/var/lib', '/sys', '/root'],
    };
    const app = await runApp(control, {
      appId: 'acme/notes',
      command: ['node', '--conditions=locara-source', FAKE_APP, JSON.stringify(targets)],
      programFolder: ROOT,
      currentFolder: ROOT,
      searchPath: join(process.execPath, '..'),
    });
    const { exitCode, stdout, stderr } = await app.ended;
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      session: {
        attestation: 'daemon-launched-sandbox',
        appId: 'acme/notes',
        second: 'ConnectionClosed',
      },
      content: true,
      dimensions: expect.any(Number) as number,
      description: expect.objectContaining({
        appId: 'acme/notes',
        version: '1.0.0',
        attestation: 'daemon-launched-sandbox',
      }) as object,
      writes: {
        description: 'EROFS',
        credentials: 'EROFS',
        system: 'EROFS',
        root: 'EROFS',
        program: 'EROFS',
        home: 'done',
      },
      network: 'ECONNREFUSED',
      sockets: Array<string>(4).fill('EAFNOSUPPORT'),
      files: [],
      processes: expect.any(Number) as number,
      environment: [
        'HOME',
        'LANG',
        'LOCARA_CHANNEL_FD',
        'LOCARA_CREDENTIALS',
        'PATH',
        'PWD',
        'TMPDIR',
      ],
    });
    const { processes } = JSON.parse(stdout) as { processes: number };
    expect(processes).toBeLessThanOrEqual(2);
    const home = join(daemon.home, 'data/homes/acme/notes');
    expect(readFileSync(join(home, 'note'), 'utf8')).toBe('mine');
  });

  test('attack 18: two launched apps see neither the files nor the processes of each other', async () => {
    const notes = await shell('echo secret > $HOME/secret; echo ready; sleep 1018');
    await notes.printed('ready');
    const theirs = await shell('ls -A $HOME; ls -d /proc/[0-9]* | wc -l', 'acme/other');
    const { stdout } = await theirs.ended;
    expect(Number(stdout.trim())).toBeLessThanOrEqual(5);
    expect(stdout).not.toContain('secret');
    control.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: notes.id } });
    await notes.ended;
  });

  test('attack 15: no key and no token is in the environment or the arguments of anything that runs', async () => {
    const app = await shell('sleep 1015 & echo ready; wait');
    await app.printed('ready');
    const secrets = ['notes', 'other'].flatMap((name) => {
      const path = join(daemon.home, 'data/apps/acme', name, 'credentials.json');
      const { installKey } = JSON.parse(readFileSync(path, 'utf8')) as RawCredentials;
      return installKey.split('\n').filter((line) => line !== '' && !line.startsWith('---'));
    });
    expect(secrets).toHaveLength(2);
    const processes = [daemon.pid, ...descendantsOf(daemon.pid).map(({ pid }) => pid)];
    expect(processes.length).toBeGreaterThan(3);
    const shown = processes.flatMap((pid) =>
      ['environ', 'cmdline'].map((name) => readShown(`/proc/${pid}/${name}`)),
    );
    expect(shown.some((content) => content.includes('sleep'))).toBe(true);
    for (const secret of [...secrets, 'PRIVATE KEY', other.installKey]) {
      expect(shown.filter((content) => content.includes(secret))).toEqual([]);
    }
    control.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: app.id } });
    await app.ended;
  });

  test('cancelling kills the whole tree, and says Cancelled', async () => {
    const app = await shell('(setsid sleep 1001 &) ; sleep 1001 & echo ready; wait');
    await app.printed('ready');
    expect(processesWith('sleep 1001').length).toBeGreaterThan(0);
    control.send({ jsonrpc: '2.0', method: '$/cancel', params: { id: app.id } });
    expect((await app.ended).error?.reason).toBe('Cancelled');
    expect(processesWith('sleep 1001')).toEqual([]);
  });

  test('a caller that leaves takes its app along, also when it only ends its side', async () => {
    for (const leave of [
      (wire: Wire) => {
        wire.end();
      },
      (wire: Wire) => {
        wire.socket.end();
      },
    ]) {
      const wire = await openWire(daemon.controlSocket);
      const command = ['sh', '-c', 'echo ready; exec sleep 1002'];
      const app = await runApp(wire, { appId: 'acme/notes', command, searchPath });
      await app.printed('ready');
      const before = processesWith('sleep 1002');
      expect(before.length).toBeGreaterThan(0);
      leave(wire);
      await expect.poll(() => processesWith('sleep 1002')).toEqual([]);
    }
  });

  test('is given input until its end, and its exit code is told', async () => {
    const app = await shell('tr a-z A-Z; exit 9');
    const data = Buffer.from('words').toString('base64');
    const given = await control.call('app.input', { run: app.run, data });
    expect(given.result).toEqual({ isOpen: true });
    await control.call('app.input', { run: app.run, end: true });
    expect(await app.ended).toMatchObject({ stdout: 'WORDS', exitCode: 9 });
    const late = await control.call('app.input', { run: app.run, data });
    expect(late.error?.data.reason).toBe('NotFound');
  });

  test('inherits no descriptor but its own four, whatever the daemon inherited', async () => {
    const wrapper = ['bash', '-c', 'exec 200</dev/null; exec "$@"', '--'];
    await using careless = await startDaemonProcess({ wrapper });
    // The daemon hides what it has open from everyone but root.
    expect(existsSync(`/proc/${careless.pid}/fd/200`)).toBe(process.getuid?.() === 0);
    await installSample(careless.controlSocket);
    const wire = await openWire(careless.controlSocket);
    const command = [
      'sh',
      '-c',
      'for fd in $(seq 0 255); do [ -e /proc/$$/fd/$fd ] && echo $fd; done',
    ];
    const app = await runApp(wire, { appId: 'acme/notes', command, searchPath });
    expect((await app.ended).stdout.trim().split('\n')).toEqual(['0', '1', '2', '3']);
    wire.end();
  });

  test('a signal inside is 128 and its number', async () => {
    expect((await (await shell('kill -TERM $$')).ended).exitCode).toBe(143);
  });

  test('the filter refuses what looks into the kernel, and leaves ordinary programs alone', async () => {
    const program = writeProgram(`
      import { execFileSync } from 'node:child_process';
      const tried = (argv) => {
        try { return execFileSync('/usr/bin/' + argv[0], argv.slice(1), { encoding: 'utf8', stdio: 'pipe' }).trim(); }
        catch (error) { return 'refused'; }
      };
      console.log(tried(['unshare', '--user', 'true']), tried(['unshare', '--net', 'true']), tried(['echo', 'child']));
    `);
    const app = await runApp(control, {
      appId: 'acme/notes',
      command: [process.execPath, 'main.mjs'],
      currentFolder: program,
    });
    expect(await app.ended).toMatchObject({ stdout: 'refused refused child\n', exitCode: 0 });
  });

  test('attack 12: revoking the app ends what runs of it at once, and nothing of it starts again', async () => {
    await installSample(daemon.controlSocket, { name: 'doomed' });
    const app = await shell('echo ready; exec sleep 1003', 'acme/doomed');
    await app.printed('ready');
    await control.call('app.revoke', { appId: 'acme/doomed' });
    expect((await app.ended).error).toEqual({ reason: 'Unavailable', rule: 'app_revoked' });
    expect(processesWith('sleep 1003')).toEqual([]);
    const again = await shell('true', 'acme/doomed');
    expect((await again.ended).error).toEqual({ reason: 'Unavailable', rule: 'app_revoked' });
  });

  test('uninstalling with --wipe ends it and removes its home, also what it made unreadable', async () => {
    await installSample(daemon.controlSocket, { name: 'wiped' });
    const script =
      'mkdir -p $HOME/a/b; touch $HOME/a/b/c; chmod 000 $HOME/a; echo ready; sleep 1004';
    const app = await shell(script, 'acme/wiped');
    await app.printed('ready');
    const home = join(daemon.home, 'data/homes/acme/wiped');
    expect(existsSync(home)).toBe(true);
    const gone = await control.call('app.uninstall', { appId: 'acme/wiped', wipe: true });
    expect(gone.result).toEqual({ appId: 'acme/wiped', wiped: true });
    expect((await app.ended).error?.reason).toBe('NotFound');
    expect(existsSync(home)).toBe(false);
  });

  const refusals: [string, Record<string, unknown>, string, string | undefined][] = [
    ['an app that is not installed', { appId: 'acme/none' }, 'NotFound', undefined],
    ['an app id that is none', { appId: '../../x' }, 'NotFound', undefined],
    [
      'a program that is not there',
      { command: ['no-such-program'] },
      'InvalidParams',
      'command_not_found',
    ],
    [
      'a program folder that is the root',
      { programFolder: '/' },
      'InvalidParams',
      'program_folder',
    ],
    ['the home folder', { programFolder: homedir() }, 'InvalidParams', 'program_folder'],
    [
      'the folder of running services',
      { programFolder: '/run/user' },
      'InvalidParams',
      'program_folder',
    ],
    ['no command', { command: [] }, 'InvalidParams', undefined],
    ['a NUL in an argument', { command: ['true', 'a\0b'] }, 'InvalidParams', undefined],
    [
      'a variable that steers programs',
      { environment: { LD_PRELOAD: '/x' } },
      'InvalidParams',
      undefined,
    ],
  ];
  test.each(refusals)('%s is refused', async (_name, changes, reason, rule) => {
    const sound = { appId: 'acme/notes', command: ['true'], searchPath };
    const { error } = await (await runApp(control, { ...sound, ...changes })).ended;
    expect(error).toEqual({ reason, rule });
  });

  test('a folder or file of Locara is never shared, not even through a link', async () => {
    const run = async (changes: Record<string, unknown>) => {
      const sound = { appId: 'acme/notes', command: ['cat'], searchPath };
      return (await (await runApp(control, { ...sound, ...changes })).ended).error?.rule;
    };
    const credentials = join(daemon.home, 'data/apps/acme/other/credentials.json');
    expect(await run({ command: ['cat', credentials] })).toBe('protected_path');
    expect(await run({ programFolder: join(daemon.home, 'data/apps') })).toBe('program_folder');
    expect(await run({ programFolder: daemon.home })).toBe('program_folder');
    expect(await run({ programFolder: join(daemon.home, 'run') })).toBe('program_folder');
  });

  test('a daemon that stops ends what it launched and does not wait for it', async () => {
    const brief = await startDaemonProcess();
    await installSample(brief.controlSocket);
    const wire = await openWire(brief.controlSocket);
    const command = ['sh', '-c', 'echo ready; exec sleep 1006'];
    const app = await runApp(wire, { appId: 'acme/notes', command, searchPath });
    await app.printed('ready');
    const startedAt = performance.now();
    const code = await brief.stop();
    expect({ code, error: (await app.ended).error?.reason }).toEqual({
      code: 0,
      error: 'Unavailable',
    });
    // Below the time that calls have to end in: the app sleeps for longer still.
    expect(performance.now() - startedAt).toBeLessThan(9000);
    await brief[Symbol.asyncDispose]();
  });
});
