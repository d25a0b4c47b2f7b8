import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Finding } from '@locara/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openControlWire } from '../support/control-wire.ts';
import { type DaemonProcess, createHome, startDaemonProcess } from '../support/daemon-process.ts';
import { createSigningKey, manifest, writePackage } from '../support/install-sample.ts';
import {
  authenticate,
  openWire,
  type RawCredentials,
  readCredentials,
  type Wire,
} from '../support/raw-client.ts';

const PASSPHRASE = 'correct horse battery';
const CLI = join(import.meta.dirname, '../../clients/cli/main.ts');
const home = createHome();
const keys = join(home, 'data/keys');
const store = join(home, 'data/stores/acme/notes/store.db');

let daemon: DaemonProcess;
let control: Wire;
let credentials: RawCredentials;

beforeAll(async () => {
  await start();
  const key = createSigningKey();
  await control.call('trust.add', { name: 'Apps', publicKeyPem: key.publicPem });
  const path = writePackage(manifest({ modalities: [], models: [] }), key);
  const inspected = await control.call('app.inspect', { path });
  const { consentDigest } = inspected.result?.['summary'] as { consentDigest: string };
  const installed = await control.call('app.install', { path, consentDigest, acceptRisk: true });
  credentials = readCredentials(installed.result?.['credentials'] as string);
  await call('db.exec', { sql: 'CREATE TABLE notes (body)' });
  await call('db.exec', { sql: 'INSERT INTO notes VALUES (?)', params: ['kept'] });
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

async function start(): Promise<void> {
  daemon = await startDaemonProcess({ home });
  control = await openControlWire(daemon.controlSocket);
}

async function restart(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  daemon.child.kill(signal);
  await control.closed();
  await daemon.stop();
  await start();
}

async function call(method: string, params: Record<string, unknown>) {
  const app = await openWire(daemon.appSocket);
  expect((await authenticate(app, credentials)).error).toBeUndefined();
  const answer = await app.call(method, params);
  app.socket.destroy();
  return answer;
}

const readNotes = () => call('db.query', { sql: 'SELECT body FROM notes' });

/** One command with a line on its stdin. No session of this process may be open: apps reach no control socket. */
async function locara(argv: readonly string[], line = '') {
  const child = spawn(process.execPath, ['--conditions=locara-source', CLI, ...argv, '--json'], {
    env: { ...process.env, LOCARA_HOME: home },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.end(line);
  return JSON.parse(await text(child.stdout)) as Record<string, unknown>;
}

async function findKeys(): Promise<Finding | undefined> {
  const { findings } = (await locara(['doctor'])) as unknown as { findings: readonly Finding[] };
  return findings.find(({ id }) => id === 'keys');
}

test('a portable home keeps its master key in a file, and doctor says what that means', async () => {
  expect(await locara(['keys', 'show'])).toEqual({
    protection: 'file',
    state: 'ready',
    stores: 1,
    isRotating: false,
  });
  expect(await findKeys()).toMatchObject({ level: 'note' });
});

test('a new master key opens what the one before did', async () => {
  const before = readFileSync(join(keys, 'master.key'));
  expect(await locara(['keys', 'rotate'])).toMatchObject({ stores: 1, unreadable: [] });
  const [name = ''] = readdirSync(keys).filter((file) => /^master.*\.key$/.test(file));
  expect(readFileSync(join(keys, name))).not.toEqual(before);
  await restart();
  expect((await readNotes()).result).toMatchObject({ rows: [{ body: 'kept' }] });
});

test('under a passphrase stores open after an unlock, and everything else works without', async () => {
  const short = await locara(['keys', 'protect', '--with', 'passphrase'], 'short\n');
  expect(short).toMatchObject({ error: { reason: 'PassphraseTooShort' } });
  const protect = ['keys', 'protect', '--with', 'passphrase'];
  expect(await locara(protect, `${PASSPHRASE}\n`)).toMatchObject({ protection: 'passphrase' });
  expect(readdirSync(keys).filter((file) => file.endsWith('.key'))).not.toContain('master.key');
  expect((await readNotes()).result).toMatchObject({ rows: [{ body: 'kept' }] });

  await restart('SIGKILL');
  expect((await readNotes()).error?.data).toMatchObject({
    reason: 'Unavailable',
    details: { rule: 'keys_locked', command: 'locara keys unlock' },
  });
  expect((await call('session.info', {})).error).toBeUndefined();
  expect(await findKeys()).toMatchObject({ level: 'warning', fix: 'locara keys unlock' });
  expect(await locara(['keys', 'unlock'], 'a wrong passphrase\n')).toMatchObject({
    error: { reason: 'InvalidParams' },
  });
  expect(await locara(['keys', 'unlock'])).toMatchObject({
    error: { reason: 'PassphraseMissing' },
  });
  await expect
    .poll(() => locara(['keys', 'unlock'], `${PASSPHRASE}\n`))
    .toMatchObject({ state: 'ready' });
  expect((await readNotes()).result).toMatchObject({ rows: [{ body: 'kept' }] });

  expect(await locara(['keys', 'rotate'], `${PASSPHRASE}\n`)).toMatchObject({ stores: 1 });
  expect(await locara(['keys', 'lock'])).toMatchObject({ state: 'locked' });
  expect((await readNotes()).error?.data.details).toMatchObject({ rule: 'keys_locked' });
  await locara(['keys', 'unlock'], `${PASSPHRASE}\n`);
  expect(await locara(['keys', 'protect', '--with', 'file'])).toMatchObject({
    protection: 'file',
  });
  await restart();
  expect((await readNotes()).result).toMatchObject({ rows: [{ body: 'kept' }] });
});

test('a file of before is refused, and nothing else is', async () => {
  await daemon.stop();
  copyFileSync(store, `${store}.old`);
  await start();
  await call('db.exec', { sql: 'INSERT INTO notes VALUES (?)', params: ['newer'] });
  await daemon.stop();
  const newest = readFileSync(store);
  copyFileSync(`${store}.old`, store);
  await start();
  expect((await readNotes()).error?.data).toMatchObject({
    reason: 'Unavailable',
    details: { rule: 'store_rolled_back' },
  });
  await daemon.stop();
  writeFileSync(store, newest);
  await start();
  expect((await readNotes()).result).toMatchObject({ rows: [{ body: 'kept' }, { body: 'newer' }] });
});

test('what was done to the keys is in the audit log, and no passphrase is anywhere', async () => {
  const { entries } = (await locara(['audit', 'show'])) as unknown as {
    entries: { event: string }[];
  };
  const events = new Set(entries.map(({ event }) => event));
  for (const event of ['rotated', 'protected', 'unlocked', 'unlockRefused', 'locked']) {
    expect(events).toContain(`keys.${event}`);
  }
  await daemon.stop();
  for (const name of readdirSync(home, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue;
    const content = readFileSync(join(name.parentPath, name.name));
    expect(content.includes(PASSPHRASE), name.name).toBe(false);
  }
  await start();
});

test('wiping takes the key first, and works while the keys are locked', async () => {
  await locara(['keys', 'protect', '--with', 'passphrase'], `${PASSPHRASE}\n`);
  await locara(['keys', 'lock']);
  await locara(['app', 'uninstall', 'acme/notes', '--wipe']);
  expect(existsSync(join(keys, 'stores/acme/notes.json'))).toBe(false);
  expect(existsSync(store)).toBe(false);
});
