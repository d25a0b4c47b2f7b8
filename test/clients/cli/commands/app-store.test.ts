import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RpcError } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import type { FakeHandler } from '../../../fakes/fake-daemon.ts';
import { ControlHome, locara } from '../../../support/run-cli.ts';

const APP = 'acme/notes';
const KEY = 'ab'.repeat(32);
const content = Buffer.from('first second');

/** Sends the content in two pieces; `lies` changes what it says of them. */
function sendContent(result: Record<string, unknown> = {}): FakeHandler {
  return ({ chunk }) => {
    const totalBytes = content.length;
    chunk({ piece: content.subarray(0, 6).toString('base64'), totalBytes }, 0);
    chunk({ piece: content.subarray(6).toString('base64'), totalBytes }, 1);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { bytes: totalBytes, sha256, unreadable: [], ...result };
  };
}

const folder = (): string => mkdtempSync(join(tmpdir(), 'locara-out-'));
const run = (home: { home: string }, ...argv: string[]) => locara(['app', 'data', ...argv], home);

describe('locara app data export', () => {
  test('writes a file for the user alone, and says what it is', async () => {
    await using control = await ControlHome.start({ 'store.export': sendContent() });
    const file = join(folder(), 'notes.jsonl');
    const { exitCode, stdout } = await run(control, 'export', APP, file, '--json');
    expect(JSON.parse(stdout)).toEqual({ file, bytes: content.length, format: 'jsonl' });
    expect(exitCode).toBe(0);
    expect(readFileSync(file)).toEqual(content);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('writes the key of an encrypted database beside it, and how to open it', async () => {
    await using control = await ControlHome.start({ 'store.export': sendContent({ key: KEY }) });
    const file = join(folder(), 'notes.db');
    const { stdout } = await run(control, 'export', APP, file, '--format', 'sqlcipher');
    expect(readFileSync(`${file}.key`, 'utf8')).toBe(`${KEY}\n`);
    expect(statSync(`${file}.key`).mode & 0o777).toBe(0o600);
    expect(stdout).toContain('PRAGMA key = "x\'');
    expect(stdout).toContain('PRAGMA cipher_compatibility = 4;');
    expect(stdout).not.toContain(KEY);
    expect(stdout).toContain('The keys for that are not in it: copy data/vaults too.');
  });

  test('replaces a file only with --force', async () => {
    await using control = await ControlHome.start({ 'store.export': sendContent() });
    const file = join(folder(), 'notes.jsonl');
    writeFileSync(file, 'mine');
    const refused = await run(control, 'export', APP, file);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('--force');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect((await run(control, 'export', APP, file, '--force')).exitCode).toBe(0);
    expect(readFileSync(file)).toEqual(content);
  });

  test.each<[string, FakeHandler]>([
    [
      'the daemon fails in the middle',
      ({ chunk }) => {
        chunk({ piece: content.toString('base64') }, 0);
        throw new RpcError('InsufficientResources', 'The disk is full.');
      },
    ],
    ['other bytes came than were sent', sendContent({ sha256: '0'.repeat(64) })],
  ])('leaves nothing when %s', async (_why, handler) => {
    await using control = await ControlHome.start({ 'store.export': handler });
    const out = folder();
    const target = join(out, 'notes.db');
    expect((await run(control, 'export', APP, target, '--format', 'sqlcipher')).exitCode).toBe(1);
    expect(readdirSync(out)).toEqual([]);
  });

  test('writes a plain database only when that is asked for', async () => {
    await using control = await ControlHome.start({ 'store.export': sendContent() });
    const file = join(folder(), 'notes.db');
    const refused = await run(control, 'export', APP, file, '--format', 'sqlite');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('--plain');
    const done = await run(control, 'export', APP, file, '--format', 'sqlite', '--plain');
    expect(done.stdout).toContain('It is not encrypted');
  });
});

test('locara app data show tells sizes, contents and sharing, and names what is nearly full', async () => {
  const view = {
    appId: APP,
    state: 'uninstalled',
    disk: { databaseBytes: 900_000, logBytes: 0, backupBytes: 5, otherBytes: 0, backups: 1 },
    quotaBytes: 1_000_000,
    percent: 90,
    encryption: { cipher: 'SQLCipher 4', key: 'the keyring' },
    contents: {
      usedBytes: 900_000,
      schemaVersion: 3,
      tables: [{ name: 'evil\u001b[2J', rows: 2 }, { name: 'broken' }],
      collections: [{ name: 'docs', records: 4, dimensions: 384, tokenizer: 'porter' }],
    },
    sharing: [
      { app: 'acme/mail', collection: 'people', access: 'read', state: 'shared', bytes: 10 },
    ],
  };
  const database = {
    database: 'diary\u001b[2J',
    keyId: 'k',
    createdAt: '2026-01-02T03:04:05Z',
    kdf: { name: 'argon2id', memoryKib: 65_536, passes: 3, lanes: 4 },
    enabled: true,
    failedAttempts: 12,
    autoLockMs: 900_000,
  };
  const privacy = { databases: [database], allowances: 0, exhausted: 0, problems: [] };
  await using control = await ControlHome.start({
    'store.show': () => view,
    'privacy.show': () => privacy,
  });
  const { stdout } = await run(control, 'show', APP);
  expect(stdout).toContain('is uninstalled; its data stays here');
  expect(stdout).toContain('Data: 900 kB of 1.0 MB (90 %): delete something in the app');
  expect(stdout).toContain('SQLCipher 4; key: the keyring');
  expect(stdout).toContain('unreadable');
  expect(stdout).toContain('384 dimensions, porter');
  expect(stdout).toContain(`locara app revoke ${APP} ipc:people`);
  expect(stdout).toContain('Their keys are in no backup and no export: copy data/vaults');
  expect(stdout).toMatch(/diary.* 2026-01-02 03:04 UTC +2026-01-02 03:04 UTC +yes +12/);
  expect(stdout).not.toContain('\u001b');
  expect(JSON.parse((await run(control, 'show', APP, '--json')).stdout)).toEqual({
    ...view,
    privacy,
  });
});

test('what of it cannot be read names the command that helps, not an export that would fail', async () => {
  const disk = { databaseBytes: 9, logBytes: 0, backupBytes: 5, otherBytes: 0, backups: 1 };
  const command = `locara app data check ${APP}`;
  const problem = { reason: 'Unavailable', message: 'The file is damaged.', command };
  await using control = await ControlHome.start({
    'store.show': () => ({
      appId: APP,
      state: 'installed',
      disk,
      quotaBytes: 1_000_000,
      percent: 1,
      encryption: { cipher: 'SQLCipher 4' },
      problem,
      sharing: [],
    }),
    'privacy.show': () => ({ databases: [], allowances: 0, exhausted: 0, problems: [] }),
  });
  const { stdout } = await run(control, 'show', APP);
  expect(stdout).toContain(`What to do now: ${command}`);
  expect(stdout).not.toContain('data export');
});

test('backups say which keys are not in them', async () => {
  const backup = {
    id: '20261121t042645123-daily-v3-1f2e3d4c',
    createdAt: '2026-11-21T04:26:45.123Z',
    bytes: 9,
    reason: 'daily',
    schemaVersion: 3,
  };
  await using control = await ControlHome.start({ 'store.backups': () => ({ backups: [backup] }) });
  const { stdout } = await run(control, 'backups', APP);
  expect(stdout).toContain(backup.id);
  expect(stdout).toContain('they are in data/vaults alone');
});

test.each([
  [{ saved: '20261122t042645123-restore-v3-1f2e3d4c' }, 'is kept as backup 20261122t'],
  [{ keptDamaged: true }, 'The damaged file is kept beside it.'],
  [{}, 'nothing to keep'],
])('a restore says what became of what was there: %j', async (kept, words) => {
  const restored = '20261121t042645123-asked-v3-1f2e3d4c';
  await using control = await ControlHome.start({
    'store.restore': () => ({ restored, schemaVersion: 3, ...kept }),
  });
  const { stdout } = await run(control, 'restore', APP, '--backup', 'latest', '--yes');
  expect(stdout).toContain(words);
});

test('--plain without a format that is plain is a misuse, not a file of another kind', async () => {
  await using control = await ControlHome.start({ 'store.export': sendContent() });
  const out = folder();
  const refused = await run(control, 'export', APP, join(out, 'notes.db'), '--plain');
  expect(refused.exitCode).toBe(2);
  expect(readdirSync(out)).toEqual([]);
});

test('a salvage that fails leaves no empty file behind', async () => {
  await using control = await ControlHome.start({
    'store.salvage': () => {
      throw new RpcError('NotFound', 'That app keeps no data.');
    },
  });
  const out = folder();
  expect((await run(control, 'salvage', APP, join(out, 'saved.jsonl'))).exitCode).toBe(1);
  expect(readdirSync(out)).toEqual([]);
});

test('a check under locked keys does not say that there is no backup', async () => {
  const problems = ['The keys of the stores are locked. Run: locara keys unlock.'];
  const check = { state: 'unavailable', problems, tables: [], collections: [] };
  await using control = await ControlHome.start({
    'store.check': () => ({ check, backups: [] }),
  });
  const { exitCode, stderr } = await run(control, 'check', APP);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('locara keys unlock');
  expect(stderr).not.toContain('no backup');
});
