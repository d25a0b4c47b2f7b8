import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startAttack } from '../support/attack-process.ts';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';

const isRoot = process.getuid?.() === 0;
/** Root may look into everything: under it, both sides are another user. */
const USER = isRoot ? { uid: 65_534, gid: 65_534 } : {};
const AS_USER = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
const PTRACE_SCOPE = '/proc/sys/kernel/yama/ptrace_scope';
const isYama = existsSync(PTRACE_SCOPE) && readFileSync(PTRACE_SCOPE, 'utf8').trim() !== '0';

/** What the prober can take from the process. */
async function probe(pid: number): Promise<unknown> {
  using prober = startAttack('probe-process.cjs', [String(pid)], USER);
  return await prober.next();
}

const onLinux = test.runIf(process.platform === 'linux');
let home: string;
let daemon: DaemonProcess;

beforeAll(async () => {
  if (isRoot) chmodSync(tmpdir(), 0o711);
  home = createHome();
  if (isRoot) chownSync(home, 65_534, 65_534);
  daemon = await startDaemonProcess({ home, wrapper: AS_USER });
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

onLinux('attack 16: another program of the same user takes nothing from the daemon', async () => {
  expect(await probe(daemon.pid)).toEqual([]);
});

onLinux('the same program takes everything from a process that is not hardened', async () => {
  const open = spawn(process.execPath, ['-e', 'console.log(1);process.stdin.resume()'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    ...USER,
  });
  await once(open.stdout, 'data');
  const all = ['environ', 'mem', 'maps', 'fd', 'pidfdGetfd', 'ptrace'];
  const taken = await probe(open.pid ?? 0);
  open.kill('SIGKILL');
  expect(taken).toEqual(isYama ? expect.arrayContaining(['environ', 'maps']) : all);
});
