import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStoreDatabase } from '../../daemon/stores/database/database.ts';
import { openControlWire } from '../support/control-wire.ts';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { keyPathsIn, makeCustody } from '../support/key-custody.ts';
import {
  authenticate,
  openSession,
  openWire,
  type RawCredentials,
  type Wire,
} from '../support/raw-client.ts';

const APP = 'acme/notes';
const collection = 'letters';
const database = 'd';
const kdf = { memoryKib: 19 * 1024, passes: 2, lanes: 1 };
const CANARY = 'Zt9canary';
const pipeline = [{ redact: {} }, { encrypt: { database, keep: ['year'] } }];
const records = Array.from({ length: 900 }, (_value, at) => ({
  id: `r${at}`,
  text: `the ${CANARY} letter of ann@example.org, number ${at} ${'word '.repeat(200)}`,
  metadata: { year: 2024, to: `${CANARY} Bo` },
  vector: [1, at],
}));

const home = createHome();
let daemon: DaemonProcess;
let credentials: RawCredentials;
let wire: Wire;

beforeAll(async () => {
  daemon = await startDaemonProcess({ home, environment: { LOCARA_LOG_LEVEL: 'debug' } });
  credentials = await installSample(daemon.controlSocket);
  await connect();
  await call('collections.create', { collection });
  await call('vault.initialize', { database, passphrase: 'right', kdf });
});
afterAll(async () => {
  wire.end();
  await daemon.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

async function connect(): Promise<void> {
  wire = await openSession(daemon.appSocket, credentials);
}

async function call(method: string, params: unknown): Promise<Record<string, unknown>> {
  const { result, error } = await wire.call(method, params);
  expect(error).toBeUndefined();
  return result ?? {};
}

async function killAndStart(): Promise<void> {
  const gone = once(daemon.child, 'exit');
  daemon.child.kill('SIGKILL');
  await gone;
  daemon = await startDaemonProcess({ home });
  await connect();
}

interface Got {
  readonly id: string;
  readonly text?: string;
  readonly sealed?: { readonly reason: string };
}

async function getAll(): Promise<readonly Got[]> {
  const ids = records.map(({ id }) => id);
  return (await call('collections.get', { collection, ids }))['records'] as Got[];
}

const isWhole = ({ text }: Got): boolean => text?.includes('letter of [EMAIL]') === true;

/** All that the app's store holds, in the clear. */
async function readStore(): Promise<Buffer> {
  const { storeKeys } = makeCustody(keyPathsIn(join(home, 'data')), { preferred: 'file' });
  const [key] = (await storeKeys.open(APP, { mustExist: true })).keys;
  const path = join(home, 'data/stores', APP, 'store.db');
  const store = openStoreDatabase({ path, key: key ?? Buffer.alloc(0), quotaBytes: 2 ** 30 });
  try {
    const tables = store.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").rows([]);
    const cells: Buffer[] = [];
    for (const [name] of tables) {
      const quoted = `"${String(name).replaceAll('"', '""')}"`;
      for (const row of store.prepare(`SELECT * FROM ${quoted}`).rows([])) {
        for (const cell of row) {
          cells.push(Buffer.from(cell instanceof Uint8Array ? cell : String(cell)));
        }
      }
    }
    return Buffer.concat(cells);
  } finally {
    store.close();
  }
}

test('what is sealed is in no file, nor in the store once that is decrypted', async () => {
  for (let from = 0; from < records.length; from += 300) {
    const some = records.slice(from, from + 300);
    const { privacy } = await call('collections.upsert', { collection, records: some, pipeline });
    expect(privacy).toEqual({ redacted: { EMAIL_ADDRESS: 300 }, encrypted: 300 });
  }
  expect((await getAll()).filter(isWhole)).toHaveLength(records.length);
  wire.end();
  await daemon.stop();
  const held = await readStore();
  expect(held.includes('letters')).toBe(true);
  for (const word of [CANARY, CANARY.toLowerCase()]) {
    expect(held.includes(word)).toBe(false);
    const files = readdirSync(home, { recursive: true, withFileTypes: true });
    const leaks = files
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => readFileSync(path).includes(word));
    expect(leaks).toEqual([]);
  }
  daemon = await startDaemonProcess({ home });
  await connect();
});

test('a session that ends takes its key along, and another one sees sealed records', async () => {
  expect((await getAll()).every(({ sealed }) => sealed?.reason === 'locked')).toBe(true);
  await call('vault.unlock', { database, passphrase: 'right' });
  const other = await openWire(daemon.appSocket);
  await authenticate(other, credentials);
  const { result } = await other.call('vault.isUnlocked', { database });
  expect(result).toEqual({ unlocked: false });
  other.end();
  expect((await getAll()).every(isWhole)).toBe(true);
  expect(await call('vault.lock', {})).toEqual({ locked: 1 });
  expect((await getAll()).some(isWhole)).toBe(false);
});

test('wrong passphrases are counted over a kill', async () => {
  const wrong = await call('vault.unlock', { database, passphrase: 'wrong' });
  expect(wrong).toEqual({ unlocked: false, retryAfterMs: 1000 });
  await killAndStart();
  const { metadata } = await call('vault.getMetadata', { database });
  expect(metadata).toMatchObject({ failedAttempts: 1 });
  const guess = async () =>
    (await wire.call('vault.unlock', { database, passphrase: 'right' })).result;
  await expect.poll(guess).toEqual({ unlocked: true });
});

test('a passphrase is changed, and nothing is sealed anew', async () => {
  const change = { database, passphrase: 'right', newPassphrase: 'new', kdf };
  expect(await call('vault.changePassphrase', change)).toEqual({ changed: true });
  await call('vault.lock', {});
  expect(await call('vault.unlock', { database, passphrase: 'new' })).toEqual({ unlocked: true });
  expect((await getAll()).every(isWhole)).toBe(true);
});

test('disabling that is killed loses nothing, and ends when it is called again', async () => {
  const cut = wire.call('vault.disable', { database, passphrase: 'new' }, 'cut');
  const other = await openWire(daemon.appSocket);
  await authenticate(other, credentials);
  const isEnabled = async () =>
    (await other.call('vault.hasEncryption', { database })).result?.['enabled'];
  await expect.poll(isEnabled, { interval: 1 }).toBe(false);
  await killAndStart();
  await cut;
  other.end();
  expect((await getAll()).every(isWhole)).toBe(true);
  const { disabled } = await call('vault.disable', { database, passphrase: 'new' });
  expect(disabled).toBe(true);
  expect(await call('vault.disable', { database, passphrase: 'new' })).toEqual({
    disabled: true,
    decrypted: 0,
    left: 0,
  });
  expect(await call('vault.delete', { database })).toEqual({ deleted: true });
  expect((await getAll()).every(isWhole)).toBe(true);
});

test('a key that is deleted, or wiped with its app, leaves records that nobody opens', async () => {
  await call('vault.initialize', { database, passphrase: 'right', kdf });
  await call('collections.upsert', { collection, records: records.slice(0, 3), pipeline });
  await call('vault.delete', { database });
  expect((await getAll()).slice(0, 3).map(({ sealed }) => sealed?.reason)).toEqual(
    Array(3).fill('no_key'),
  );
  await call('vault.initialize', { database, passphrase: 'right', kdf });
  const control = await openControlWire(daemon.controlSocket);
  const { error } = await control.call('app.uninstall', { appId: APP, wipe: true });
  expect(error).toBeUndefined();
  control.end();
  const vaults = readdirSync(join(home, 'data'), { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.parentPath.includes('vaults'),
  );
  expect(vaults).toEqual([]);
});
