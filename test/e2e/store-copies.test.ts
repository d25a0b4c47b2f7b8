import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnCli } from '../support/cli-process.ts';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';

const APP = 'acme/notes';

let home: string;
let daemon: DaemonProcess;
let credentials: RawCredentials;
let modest: RawCredentials;

beforeAll(async () => {
  home = createHome();
  daemon = await startDaemonProcess({ home });
  const storage = { sql: true };
  credentials = await installSample(daemon.controlSocket, {
    storage: { ...storage, backups: { enabled: true } },
  });
  modest = await installSample(daemon.controlSocket, { name: 'modest', storage });
});
afterAll(async () => {
  await daemon.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

/** The app's calls, one after the other; answers of each. The session is over when this resolves. */
async function asApp<T>(work: (wire: Wire) => Promise<T>, who = credentials): Promise<T> {
  const wire = await openWire(daemon.appSocket);
  expect((await authenticate(wire, who)).error).toBeUndefined();
  try {
    return await work(wire);
  } finally {
    wire.end();
  }
}

async function ask(wire: Wire, method: string, params: object = {}) {
  const { result, error } = await wire.call(method, params);
  expect(error).toBeUndefined();
  return result ?? {};
}

const count = async (wire: Wire): Promise<unknown> =>
  (await ask(wire, 'db.query', { sql: 'SELECT count(*) AS n FROM notes' }))['rows'];

async function locara(...argv: readonly string[]) {
  const { exitCode, stdout } = await spawnCli([...argv, '--json'], { LOCARA_HOME: home }).ended;
  return { exitCode, document: JSON.parse(stdout) as Record<string, unknown> };
}

/** Starts the daemon again, so that no store is open, and changes the file meanwhile. */
async function restart(meanwhile: (file: string) => void): Promise<void> {
  await daemon.stop();
  meanwhile(join(home, 'data/stores', APP, 'store.db'));
  daemon = await startDaemonProcess({ home });
}

describe('copies of a store', () => {
  test('are made, listed and put back by the app', async () => {
    await asApp(async (wire) => {
      await ask(wire, 'db.exec', { sql: 'CREATE TABLE notes (id INTEGER PRIMARY KEY, body)' });
      await ask(wire, 'db.exec', { sql: "INSERT INTO notes (body) VALUES ('a'), ('b')" });
      const { backup } = await ask(wire, 'db.backup');
      const { id } = backup as { id: string };
      expect(await ask(wire, 'db.backups')).toEqual({ backups: [backup] });
      await ask(wire, 'db.exec', { sql: 'DELETE FROM notes' });
      const restored = await ask(wire, 'db.restore', { backup: id });
      expect(restored).toMatchObject({ restored: id, schemaVersion: 0 });
      expect(await count(wire)).toEqual([{ n: 2 }]);
      expect(await ask(wire, 'db.info')).toMatchObject({ backups: 2 });
      const { error } = await wire.call('db.restore', { backup: 'none' });
      expect(error?.data.reason).toBe('NotFound');
    });
  });

  test('are not made for an app whose manifest does not ask for them', async () => {
    await asApp(async (wire) => {
      const { error } = await wire.call('db.backup', {});
      expect(error?.data).toMatchObject({
        reason: 'CapabilityDenied',
        details: { declaredBy: 'storage.backups.enabled' },
      });
    }, modest);
  });

  test('are gone with all data after a wipe, and the store is empty and of use', async () => {
    await asApp(async (wire) => {
      await ask(wire, 'db.exec', { sql: 'CREATE TABLE secrets (body)' });
      const folder = join(home, 'data/stores/acme/modest');
      const before = readFileSync(join(folder, 'store.db'));
      expect(await ask(wire, 'db.wipe')).toEqual({ wiped: true });
      expect(existsSync(folder)).toBe(false);
      expect(await ask(wire, 'db.info')).toMatchObject({ tables: [], backups: 0 });
      await ask(wire, 'db.exec', { sql: 'CREATE TABLE secrets (body)' });
      expect(readFileSync(join(folder, 'store.db')).equals(before)).toBe(false);
    }, modest);
  });
});

describe('a damaged store', () => {
  test('answers every call with the command that helps, until the user restores it', async () => {
    await restart((file) => {
      const bytes = readFileSync(file);
      bytes.fill(0, 0, 2000);
      writeFileSync(file, bytes);
    });
    await asApp(async (wire) => {
      for (const [method, params] of [
        ['db.query', { sql: 'SELECT 1' }],
        ['collections.list', {}],
        ['db.restore', { backup: 'latest' }],
        ['db.info', {}],
      ] as const) {
        const { error } = await wire.call(method, params);
        expect(error?.data, method).toMatchObject({
          reason: 'Unavailable',
          details: { rule: 'store_damaged', command: `locara app data check ${APP}` },
        });
      }
    });
    const checked = await locara('app', 'data', 'check', APP);
    expect(checked).toMatchObject({ exitCode: 1, document: { check: { state: 'damaged' } } });
    const refused = await locara('app', 'data', 'restore', APP, '--backup', 'latest');
    expect(refused.exitCode).toBe(3);
    const { document } = await locara('app', 'data', 'backups', APP);
    const [, first] = document['backups'] as { id: string }[];
    const restored = await locara(
      'app',
      'data',
      'restore',
      APP,
      '--backup',
      first?.id ?? '',
      '--yes',
    );
    expect(restored).toMatchObject({ exitCode: 0, document: { restored: first?.id } });
    await asApp(async (wire) => {
      expect(await count(wire)).toEqual([{ n: 2 }]);
    });
    expect(readdirSync(join(home, 'data/stores', APP, 'damaged'))).toHaveLength(1);
  });

  test('is saved as far as it can be read, for the user alone', async () => {
    const out = join(home, 'saved.jsonl');
    const saved = await locara('app', 'data', 'salvage', APP, out);
    expect(saved).toEqual({ exitCode: 0, document: { rows: 2, gaps: 0 } });
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const [line = ''] = readFileSync(out, 'utf8').split('\n');
    expect(JSON.parse(line)).toEqual({ table: 'notes', row: { id: 1, body: 'a' } });
    expect((await locara('app', 'data', 'salvage', APP, out)).exitCode).toBe(1);
  });

  test('leaves what the user decided in the audit log', async () => {
    const { document } = await locara('audit', 'show');
    const events = (document['entries'] as { event: string }[]).map(({ event }) => event);
    expect(events).toContain('store.restored');
    expect(events).toContain('store.salvaged');
  });

  test('is found after the daemon was killed, and whole', async () => {
    await asApp(async (wire) => {
      await ask(wire, 'db.exec', { sql: "INSERT INTO notes (body) VALUES ('c')" });
    });
    const exited = once(daemon.child, 'exit');
    daemon.child.kill('SIGKILL');
    await exited;
    await restart(() => undefined);
    await asApp(async (wire) => {
      expect(await count(wire)).toEqual([{ n: 3 }]);
    });
    const checked = await locara('app', 'data', 'check', APP);
    expect(checked).toMatchObject({ exitCode: 0, document: { check: { state: 'whole' } } });
  });

  test.each([
    ['no app', 1, ['check', 'acme/none']],
    ['no id', 2, ['check', 'none']],
    ['no backup named', 2, ['restore', APP]],
    ['a backup that is not there', 1, ['restore', APP, '--backup', 'none', '--yes']],
    ['no older file to accept', 1, ['accept', APP, '--yes']],
  ])('is refused with %s', async (_what, exitCode, argv) => {
    expect((await locara('app', 'data', ...argv)).exitCode).toBe(exitCode);
  });
});

test('an older file that was put back is refused until the user accepts it', async () => {
  let older = Buffer.alloc(0);
  await restart((file) => {
    older = readFileSync(file);
  });
  await asApp((wire) => ask(wire, 'db.exec', { sql: "INSERT INTO notes (body) VALUES ('d')" }));
  await restart((file) => {
    writeFileSync(file, older);
  });
  const checked = await locara('app', 'data', 'check', APP);
  expect(checked).toMatchObject({ exitCode: 1, document: { check: { state: 'rolled_back' } } });
  expect((await locara('app', 'data', 'accept', APP)).exitCode).toBe(3);
  expect((await locara('app', 'data', 'accept', APP, '--yes')).exitCode).toBe(0);
  await asApp(async (wire) => {
    expect(await count(wire)).toEqual([{ n: 3 }]);
  });
});

test('a store whose pages behind the first are damaged is held, and can be checked and restored', async () => {
  await restart((file) => {
    const bytes = readFileSync(file);
    bytes.fill(0, 4096);
    writeFileSync(file, bytes);
  });
  await asApp(async (wire) => {
    const { error } = await wire.call('db.info', {});
    expect(error?.data).toMatchObject({ details: { rule: 'store_damaged' } });
  });
  const checked = await locara('app', 'data', 'check', APP);
  expect(checked).toMatchObject({ exitCode: 1, document: { check: { state: 'damaged' } } });
  expect(checked.document['backups']).not.toEqual([]);
  const restored = await locara('app', 'data', 'restore', APP, '--backup', 'latest', '--yes');
  expect(restored.exitCode).toBe(0);
});
