import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStoreDatabase } from '../../daemon/stores/database/database.ts';
import { openControlWire } from '../support/control-wire.ts';
import { spawnCli } from '../support/cli-process.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installOver } from '../support/install-sample.ts';
import { authenticate, openWire, type Wire, type WireMessage } from '../support/raw-client.ts';

const APP = 'acme/notes';

let daemon: DaemonProcess;
let control: Wire;
let app: Wire;
let out: string;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  out = mkdtempSync(join(tmpdir(), 'locara-out-'));
  control = await openControlWire(daemon.controlSocket);
  const credentials = await installOver(control, { storage: { sql: true, quota_mb: 2 } });
  app = await openWire(daemon.appSocket);
  await authenticate(app, credentials);
  await call('db.exec', { sql: 'CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)' });
  await call('db.exec', { sql: "INSERT INTO notes (body) VALUES ('canary')" });
  await call('collections.create', { collection: 'docs' });
  const records = [{ id: 'one', text: 'a canary', vector: [1, 0] }];
  await call('collections.upsert', { collection: 'docs', records });
});
afterAll(async () => {
  control.end();
  app.end();
  await daemon[Symbol.asyncDispose]();
  rmSync(out, { recursive: true });
});

async function call(method: string, params: unknown): Promise<Record<string, unknown>> {
  const { result, error } = await app.call(method, params);
  expect(error).toBeUndefined();
  return result ?? {};
}

async function exportStore(params: Record<string, unknown>, id: string) {
  const answer = await control.call('store.export', { appId: APP, ...params }, id);
  const pieces = control.received
    .filter(({ method, params: chunk }) => method === '$/chunk' && chunk?.['id'] === id)
    .map(({ params: chunk }) => (chunk?.['chunk'] as { piece: string }).piece);
  return { ...answer, bytes: Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))) };
}

const fillings = (): WireMessage[] =>
  app.received.filter(({ method }) => method === 'store.filling');

describe("an app's data", () => {
  test('is shown to its user: sizes, quota, tables, collections, last use', async () => {
    const { result } = await control.call('store.show', { appId: APP });
    expect(result).toMatchObject({
      appId: APP,
      state: 'installed',
      quotaBytes: 2 * 1024 * 1024,
      disk: { backups: 0, backupBytes: 0 },
      contents: {
        tables: [{ name: 'notes', rows: 1 }],
        collections: [{ name: 'docs', records: 1, dimensions: 2 }],
      },
      sharing: [],
    });
    expect(result?.['lastUsedAt']).toBeDefined();
    const unknown = await control.call('store.show', { appId: 'acme/nobody' });
    expect(unknown.error?.data.reason).toBe('NotFound');
    const other = await control.call('store.show', { appId: '../../x' });
    expect(other.error?.data.reason).toBe('NotFound');
  });

  test('is exported as JSON Lines, as an encrypted database, and plain only when asked for', async () => {
    const lines = await exportStore({}, 'lines');
    expect(lines.bytes.toString()).toContain('{"table":"notes","row":{"id":1,"body":"canary"}}');
    const sealed = await exportStore({ format: 'sqlcipher' }, 'sealed');
    const path = join(out, 'sealed.db');
    writeFileSync(path, sealed.bytes);
    const key = Buffer.from(String(sealed.result?.['key']), 'hex');
    const copy = openStoreDatabase({ path, key, quotaBytes: 2 ** 30 });
    expect([...copy.prepare('SELECT body FROM notes').rows()]).toEqual([['canary']]);
    copy.close();
    const refused = await exportStore({ format: 'sqlite' }, 'refused');
    expect(refused.error?.data.reason).toBe('InvalidParams');
    const plain = await exportStore({ format: 'sqlite', plain: true }, 'plain');
    expect(plain.result?.['key']).toBeUndefined();
    writeFileSync(join(out, 'plain.db'), plain.bytes);
    const opened = new DatabaseSync(join(out, 'plain.db'));
    expect(opened.prepare('SELECT body FROM notes').all()).toEqual([{ body: 'canary' }]);
    opened.close();
    const entries = await control.call('audit.show', { appId: APP, limit: 20 });
    const events = (entries.result?.['entries'] as { event: string }[]).map(({ event }) => event);
    expect(events.filter((event) => event === 'store.exported')).toHaveLength(3);
  });

  test('leaves no copy when whoever asked for it goes away in the middle', async () => {
    const leaving = await openControlWire(daemon.controlSocket);
    const filler = 'x'.repeat(60_000);
    const rows = Array.from({ length: 10 }, () => ({
      sql: 'INSERT INTO notes (body) VALUES (?)',
      params: [filler],
    }));
    await call('db.batch', { statements: rows });
    void leaving.call('store.export', { appId: APP, format: 'sqlcipher' });
    await leaving.next(({ method }) => method === '$/chunk');
    leaving.end();
    // The next export begins only when that one is over.
    for (let at = 0; ; at += 1) {
      const { error } = await exportStore({}, `after-${at}`);
      if (error === undefined) break;
      expect(error.data.reason).toBe('Busy');
    }
    const folder = join(daemon.home, 'data/stores', APP);
    expect(readdirSync(folder).filter((name) => name.includes('scratch'))).toEqual([]);
    await call('db.exec', { sql: 'DELETE FROM notes WHERE id > 1' });
  });

  test('that fills is told once for each threshold, then refuses with its numbers, and deletes', async () => {
    const insert = {
      sql: 'INSERT INTO notes (body) VALUES (?)',
      params: ['y'.repeat(40_000)],
    };
    let refusal: WireMessage | undefined;
    while (refusal === undefined) {
      const answer = await app.call('db.exec', insert);
      if (answer.error !== undefined) refusal = answer;
    }
    expect(refusal.error?.data).toMatchObject({
      reason: 'QuotaExceeded',
      details: { limitBytes: 2 * 1024 * 1024, command: `locara app data show ${APP}` },
    });
    const full = await app.next(
      ({ method, params }) => method === 'store.filling' && Number(params?.['percent']) >= 95,
    );
    expect(full.params).toMatchObject({ limitBytes: 2 * 1024 * 1024 });
    expect(fillings().length).toBeLessThanOrEqual(2);
    const told = fillings().length;
    const status = await control.call('status.get', {});
    expect(status.result?.['filling']).toMatchObject([{ appId: APP }]);
    const shown = await control.call('app.show', { appId: APP });
    expect(shown.result?.['store']).toMatchObject({ limitBytes: 2 * 1024 * 1024 });
    expect(readFileSync(daemon.logFile, 'utf8')).toContain('"event":"store.filling"');
    await call('db.exec', { sql: 'DELETE FROM notes WHERE id > 1' });
    await call('db.exec', insert);
    expect(fillings()).toHaveLength(told);
  });

  test('is still there, shown and exported when the app is revoked, and when it is uninstalled', async () => {
    await control.call('app.revoke', { appId: APP });
    expect((await exportStore({}, 'revoked')).bytes.toString()).toContain('canary');
    await control.call('app.uninstall', { appId: APP });
    const { result } = await control.call('store.show', { appId: APP });
    expect(result).toMatchObject({ state: 'uninstalled', quotaBytes: 2 * 1024 * 1024 });
    expect((await exportStore({}, 'uninstalled')).bytes.toString()).toContain('canary');
  });

  test('is checked, salvaged, restored and given a new key when the app is uninstalled', async () => {
    const ask = async (method: string, params: object = {}) => {
      const { result, error } = await control.call(method, { appId: APP, ...params });
      expect(error, method).toBeUndefined();
      return result;
    };
    expect(await ask('store.check')).toMatchObject({ check: { state: 'whole' } });
    const { lines } = (await ask('store.salvage')) as { lines: string[] };
    expect(lines.join()).toContain('canary');
    expect(await ask('keys.rotateStore')).toEqual({ rotated: true });
    const accepted = await control.call('store.accept', { appId: APP });
    expect(accepted.error?.data.reason).toBe('Conflict');
    expect(await ask('store.backups')).toEqual({ backups: [] });
    const none = await control.call('store.restore', { appId: APP, backup: 'latest' });
    expect(none.error?.data.reason).toBe('NotFound');
    expect(none.error?.message).toContain('backup');
    for (const appId of ['acme/none', '../etc']) {
      const { error } = await control.call('store.check', { appId });
      expect(error?.data.reason).toBe('NotFound');
    }
  });

  test('is told to be lost, not empty, when its file was deleted', async () => {
    // Locked and unlocked, no process has it open.
    const passphrase = 'correct horse battery';
    await control.call('keys.protect', { with: 'passphrase', passphrase });
    await control.call('keys.lock', {});
    rmSync(join(daemon.home, 'data/stores', APP, 'store.db'));
    await control.call('keys.unlock', { passphrase });
    const { result } = await control.call('store.show', { appId: APP });
    expect(result).toMatchObject({
      problem: { reason: 'Unavailable', command: `locara app data check ${APP}` },
    });
    const checked = await control.call('store.check', { appId: APP });
    expect(checked.result).toMatchObject({ check: { state: 'missing' } });
    const salvaged = await control.call('store.salvage', { appId: APP });
    expect(salvaged.error?.data.details).toMatchObject({ rule: 'store_missing' });
    await control.call('app.uninstall', { appId: APP, wipe: true });
    expect((await exportStore({}, 'wiped')).error?.data.reason).toBe('NotFound');
    expect(existsSync(join(daemon.home, 'data/stores', APP))).toBe(false);
  });
});

test('the command line shows and exports it, and says where it is after an uninstall', async () => {
  await using own = await startDaemonProcess();
  const wire = await openControlWire(own.controlSocket);
  const credentials = await installOver(wire);
  wire.end();
  const session = await openWire(own.appSocket);
  await authenticate(session, credentials);
  await session.call('db.exec', { sql: 'CREATE TABLE notes (body)' });
  session.end();
  await session.closed();
  const locara = (...argv: string[]) => spawnCli(argv, { LOCARA_HOME: own.home }).ended;
  const shown = await locara('app', 'data', 'show', APP);
  expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
  expect(shown.stdout).toContain('notes');
  const gone = await locara('app', 'uninstall', APP);
  expect(gone.stdout).toContain(`locara app data export ${APP} <file>`);
  const file = join(out, 'cli.db');
  const argv = ['app', 'data', 'export', APP, file, '--format', 'sqlcipher', '--json'];
  const { stdout, exitCode } = await locara(...argv);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ file, keyFile: `${file}.key`, format: 'sqlcipher' });
  const key = Buffer.from(readFileSync(`${file}.key`, 'utf8').trim(), 'hex');
  const copy = openStoreDatabase({ path: file, key, quotaBytes: 2 ** 30 });
  expect([...copy.prepare('SELECT count(*) FROM notes').rows()]).toEqual([[0n]]);
  copy.close();
});
