import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { spawnCli } from '../support/cli-process.ts';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { createSigningKey, manifest, writePackage } from '../support/install-sample.ts';

const APP = 'acme/notes';
const key = createSigningKey();

let home: string;
let daemon: DaemonProcess;
let path: string;

beforeEach(async () => {
  home = createHome();
  daemon = await startDaemonProcess({ home });
  const pem = join(home, 'key.pem');
  writeFileSync(pem, key.publicPem);
  await locara('trust', 'add', '--key', pem, '--name', 'Acme');
  path = writePackage(manifest(), key);
  await install();
});

afterEach(async () => {
  await daemon.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

async function locara(...argv: readonly string[]) {
  const { exitCode, stdout, stderr } = await spawnCli(argv, { LOCARA_HOME: home }).ended;
  return { exitCode, text: stderr + stdout };
}

const install = () => locara('app', 'install', path, '--yes', '--accept-risk');
const call = () => locara('call', 'session.info', '--app', APP);
const fileOf = (name: string) => join(home, 'data', 'apps', ...APP.split('/'), name);

function editOneByte(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

async function restart(): Promise<void> {
  await daemon.stop();
  daemon = await startDaemonProcess({ home });
}

test('an app whose manifest was edited by one byte is shut out, everything says so, and installing it again helps', async () => {
  editOneByte(fileOf('locara.json'));
  for (const isRestarted of [false, true]) {
    if (isRestarted) await restart();
    expect((await locara('app', 'list')).text).toMatch(/acme\/notes .* changed on disk\n/);
    expect((await locara('app', 'show', APP)).text).toContain('install it again');
    expect((await locara('app', 'explain', APP, 'session.info')).text).toContain('was changed');
    const refused = await call();
    expect(refused.exitCode).toBe(3);
    expect(refused.text).toContain(`locara app explain ${APP} session.info`);
    expect(refused.text).toMatch(/errorId: [0-9a-f-]{36}\n/);
    const run = await locara('app', 'run', APP, '--', 'true');
    expect([run.exitCode, run.text]).toEqual([3, expect.stringContaining('install it again')]);
  }
  await install();
  expect((await call()).exitCode).toBe(0);
  expect((await locara('app', 'list')).text).toMatch(/acme\/notes .* active\n/);
});

test('an app whose record was edited while the daemon was away tells two ways back, and both lead there', async () => {
  const [record, backup] = [fileOf('app.json'), join(home, 'app.json')];
  copyFileSync(record, backup);
  await daemon.stop();
  editOneByte(record);
  daemon = await startDaemonProcess({ home });
  expect((await locara('app', 'list')).text).toContain(`damaged: locara app show ${APP}`);
  for (const argv of [['show'], ['revoke'], ['run']] as const) {
    const program = argv[0] === 'run' ? ['--', 'true'] : [];
    const { exitCode, text } = await locara('app', ...argv, APP, ...program);
    expect([exitCode, text]).toEqual([1, expect.stringContaining(`uninstall ${APP} --wipe`)]);
  }
  expect((await install()).text).toContain('is damaged');

  await daemon.stop();
  editOneByte(record);
  expect(readFileSync(record)).toEqual(readFileSync(backup));
  daemon = await startDaemonProcess({ home });
  expect((await call()).exitCode).toBe(0);

  await daemon.stop();
  editOneByte(record);
  daemon = await startDaemonProcess({ home });
  await locara('app', 'uninstall', APP, '--wipe');
  expect((await install()).exitCode).toBe(0);
  expect((await call()).exitCode).toBe(0);
});
