import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sealProcess } from '../../../../daemon/workers/seal/seal.ts';
import { readSealSettings, SEAL_STAGE } from '../../../../daemon/workers/seal/settings.ts';
import { canRestrictFiles } from '../../../support/landlock.ts';
import { ECHO, failureOf, useEchoWorkers } from '../../../support/echo-worker.ts';

const { open } = useEchoWorkers();
// Outside the system's temporary folder, which a worker may write to on macOS.
const folder = mkdtempSync(join(import.meta.dirname, '.seal-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each(['win32', 'aix', 'freebsd'] as const)('there is no seal on %s', (platform) => {
  expect(() => {
    sealProcess({ ...process, platform, env: {} });
  }).toThrow(`no seal for the platform ${platform}`);
});

test.runIf(process.platform === 'linux')('there is no seal on a processor without a table', () => {
  expect(() => {
    sealProcess({ ...process, arch: 'riscv64', env: {} });
  }).toThrow('no seal for the processor riscv64');
});

test.each(['{', '{}', '["a",1]', 'null'])('malformed writable folders are refused: %s', (text) => {
  expect(() => readSealSettings({ LOCARA_SEAL_WRITABLE: text })).toThrow();
});

test.runIf(process.platform === 'linux')(
  'a process that still has an io_uring does not pass for sealed',
  async () => {
    // The last step alone, in a program that was not started under the first.
    const child = fork(ECHO, {
      execArgv: ['--conditions=locara-source'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { [SEAL_STAGE]: 'final' },
    });
    const [message] = (await once(child, 'message')) as [unknown];
    expect(message).toEqual({ type: 'unsealed', message: 'an io_uring is open' });
    expect((await once(child, 'exit'))[0]).toBe(77);
  },
);

test.runIf(process.platform === 'linux')(
  'a descriptor that leaked into the worker is closed',
  async () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'x');
    const leaked = openSync(secret, 'r');
    const gap = Array.from({ length: 60 }, () => 'ignore' as const);
    const child = fork(ECHO, {
      execArgv: ['--conditions=locara-source'],
      serialization: 'advanced',
      // Behind a gap, where the runtime's own start-up does not look.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc', ...gap, leaked],
    });
    closeSync(leaked);
    try {
      await once(child, 'message');
      child.send({ type: 'start', start: {} });
      await once(child, 'message');
      child.send({ type: 'call', id: 1, op: 'environment', params: {} });
      const [{ result }] = (await once(child, 'message')) as [{ readonly result: unknown }];
      expect(JSON.stringify(result)).toContain('3 socket:');
      expect(JSON.stringify(result)).not.toContain('secret');
    } finally {
      child.kill('SIGKILL');
    }
  },
);

test.runIf(canRestrictFiles())(
  'a worker can change files in the folders it was given, and nowhere else',
  async () => {
    const inside = mkdtempSync(join(folder, 'inside-'));
    const worker = open({ writableFolders: [inside] });
    expect(await worker.call('write', { path: join(inside, 'a') })).toEqual({ code: '' });
    expect(await worker.call('write', { path: join(folder, 'b') })).toEqual({ code: 'EACCES' });
  },
);

test.runIf(canRestrictFiles() && process.platform === 'linux')(
  'a folder that does not exist is a failed seal, and its name is not told',
  async () => {
    const worker = open({ writableFolders: [join(folder, 'absent')] });
    const error = await failureOf(worker.call('echo', { text: '' }));
    expect(error).toMatchObject({ reason: 'Unavailable', details: { rule: 'ENOENT' } });
    expect(JSON.stringify(error.toWire())).not.toContain('absent');
  },
);

test.runIf(process.platform === 'linux')('the kernel confirms the seal', async () => {
  const worker = open();
  await worker.call('echo', { text: '' });
  const { stdout } = spawnSync('/bin/cat', [`/proc/${worker.status().pid}/status`], {
    encoding: 'utf8',
  });
  expect(stdout).toMatch(/^NoNewPrivs:\s*1$/m);
  expect(stdout).toMatch(/^Seccomp:\s*2$/m);
});
