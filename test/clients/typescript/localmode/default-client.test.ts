import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeDaemon } from '../../../fakes/fake-daemon.ts';

const ROOT = join(import.meta.dirname, '../../../..');

let daemon: FakeDaemon;
let folder: string;

beforeEach(async () => {
  const slow = () => new Promise((resolve) => setTimeout(resolve, 100, { hash: 'h' }));
  daemon = await FakeDaemon.start({ handlers: { 'vault.hashPassphrase': slow } });
  folder = mkdtempSync(join(ROOT, 'test/.default-client-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await daemon[Symbol.asyncDispose]();
});

/** A program that names no client, as a process of its own. */
async function run(program: string) {
  const credentials = join(mkdtempSync(join(tmpdir(), 'locara-d-')), 'credentials.json');
  writeFileSync(credentials, JSON.stringify(daemon.credentials));
  const main = join(folder, 'main.mjs');
  writeFileSync(main, program);
  const child = spawn(process.execPath, ['--conditions=locara-source', main], {
    env: { ...process.env, LOCARA_CREDENTIALS: credentials },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'close') as Promise<[number]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

test('a program ends by itself, and not before its calls are answered', async () => {
  const ended = await run(`
    import { hashPassphrase } from '@locara/client';
    console.log(await hashPassphrase('x'), await hashPassphrase('y'));
  `);
  expect(ended).toEqual({ code: 0, stdout: 'h h\n', stderr: '' });
});

test('a closed default client is followed by a new one', async () => {
  const ended = await run(`
    import { closeDefaultClient, hashPassphrase } from '@locara/client';
    await hashPassphrase('x');
    await closeDefaultClient();
    console.log(await hashPassphrase('y'));
  `);
  expect(ended).toEqual({ code: 0, stdout: 'h\n', stderr: '' });
  expect(daemon.received.filter((method) => method === 'session.hello')).toHaveLength(2);
});
