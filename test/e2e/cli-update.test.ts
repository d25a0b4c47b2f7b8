import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spawnCli } from '../support/cli-process.ts';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { createSigningKey, manifest, writePackage } from '../support/install-sample.ts';

const APP = 'acme/notes';
const key = createSigningKey();

let home: string;
let daemon: DaemonProcess;

beforeAll(async () => {
  home = createHome();
  daemon = await startDaemonProcess({ home });
  const pem = join(home, 'key.pem');
  writeFileSync(pem, key.publicPem);
  await locara('trust', 'add', '--key', pem, '--name', 'Acme');
});

afterAll(async () => {
  await daemon.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

/** One command as a person sees it, on both streams. */
async function locara(...argv: readonly string[]) {
  const { exitCode, stdout, stderr } = await spawnCli(argv, { LOCARA_HOME: home }).ended;
  return { exitCode, text: stderr + stdout };
}

const packageOf = (version: string, changes: Record<string, unknown>) =>
  writePackage(manifest({ version, ...changes }), key);
const install = (path: string) => locara('app', 'install', path, '--yes', '--accept-risk');

test('an update that asks for more is shown, waits, and cannot be hurried from the command line', async () => {
  const first = packageOf('1.0.0', { modalities: [] });
  const second = packageOf('2.0.0', { modalities: ['image-to-text'], storage: { sql: false } });
  await install(first);

  const diff = await locara('app', 'diff', second);
  expect(diff.exitCode).toBe(0);
  expect(diff.text).toMatch(/\+ new: .*image/i);
  expect(diff.text).toMatch(/− gone: .*SQL/);

  const update = await install(second);
  expect(update.exitCode).toBe(0);
  expect(update.text).toContain('the new rights wait 7 days of running time');

  expect((await locara('app', 'list')).text).toContain('active, new rights wait');
  expect((await locara('app', 'show', APP)).text).toContain('wait 7 days of running time');
  for (const rest of [[], ['ocr:run'], ['--yes', '--accept-risk']]) {
    const consent = await locara('app', 'consent', APP, ...rest);
    expect(consent.exitCode).toBe(3);
    expect(consent.text).toContain('wait another 7 days of running time');
  }
  const explained = await locara('app', 'explain', APP, 'ocr.recognize');
  expect(explained.text).toContain('may not call ocr.recognize');
  expect(explained.text).toContain('Wait 7 days of running time, then: locara app consent');
});

test('an update that asks for less goes straight through', async () => {
  const third = packageOf('3.0.0', { modalities: [], storage: { sql: false } });
  const update = await install(third);
  expect(update).toMatchObject({ exitCode: 0 });
  expect((await locara('app', 'list')).text).toMatch(
    /acme\/notes +3\.0\.0 +sideloaded +install-key +active\n/,
  );
});
