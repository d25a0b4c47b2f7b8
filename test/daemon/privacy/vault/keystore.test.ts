import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BootReading } from '../../../../daemon/clock/boot-reading.ts';
import type { PrivacyCall } from '../../../../daemon/privacy/privacy-call.ts';
import {
  createDerivations,
  type Derivations,
} from '../../../../daemon/privacy/vault/derivations.ts';
import { createKeystore } from '../../../../daemon/privacy/vault/keystore/create-keystore.ts';
import {
  createDatabaseFiles,
  type DatabaseFiles,
} from '../../../../daemon/privacy/vault/keystore/database-files.ts';
import type { Keystore } from '../../../../daemon/privacy/vault/keystore/keystore.ts';
import type { ValueCipher } from '../../../../daemon/privacy/vault/value-cipher.ts';

const APP = 'maker/notes';
const DATABASE = 'letters of Ann';
const kdf = { name: 'argon2id', memoryKib: 19 * 1024, passes: 2, lanes: 1 } as const;
const bytes = (text: string): Buffer => Buffer.from(text);
const RIGHT = 'correct horse';

let folder: string;
let clock: BootReading;
let files: DatabaseFiles;
let keystore: Keystore;

const folderOf = (appId: string): string => join(folder, 'vaults', appId);
const callOf = (session = 's1', appId = APP): PrivacyCall => ({
  session: { id: session, appId },
  method: 'vault.unlock',
  signal: new AbortController().signal,
});
/** As after a restart of the daemon: nothing but the files is left. */
const restart = (): Keystore => {
  files = createDatabaseFiles({ vault: folderOf });
  keystore = createKeystore({
    files,
    bootClock: { read: () => clock },
    derivations: createDerivations(),
  });
  return keystore;
};
const initialize = (): Promise<unknown> =>
  keystore.initialize(callOf(), DATABASE, { passphrase: bytes(RIGHT), kdf });
const guess = (passphrase: string, session?: string) =>
  keystore.unlock(callOf(session), DATABASE, { passphrase: bytes(passphrase) });
const sealed = async (session = 's1') =>
  (await keystore.cipherOf({ id: session, appId: APP }, DATABASE, 'seal')).seal(
    { type: 'string', value: 'dear diary' },
    {},
  );
const opened = async (envelope: Awaited<ReturnType<typeof sealed>>, session = 's1') =>
  (await keystore.cipherOf({ id: session, appId: APP }, DATABASE, 'open')).open(envelope, {}).value;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keystore-'));
  clock = { bootId: 'first', elapsedMs: 1_000_000 };
  restart();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a passphrase', () => {
  test('opens the key that it wraps, also after a restart', async () => {
    await initialize();
    const letter = await sealed();
    restart();
    expect(keystore.isUnlocked('s1', DATABASE)).toBe(false);
    expect(await guess(RIGHT)).toEqual({ isRight: true });
    expect(await opened(letter)).toBe('dear diary');
  });

  test('that is wrong opens nothing, and the next guess has to wait', async () => {
    await initialize();
    keystore.lock('s1');
    expect(await guess('battery staple')).toEqual({ isRight: false, retryAfterMs: 1000 });
    await expect(guess(RIGHT)).rejects.toMatchObject({
      reason: 'Busy',
      details: { retryAfterMs: 1000 },
    });
    expect(keystore.isUnlocked('s1')).toBe(false);
    clock = { ...clock, elapsedMs: clock.elapsedMs + 1000 };
    expect(await guess(RIGHT)).toEqual({ isRight: true });
  });

  test('wrong again waits twice as long, through restarts of the daemon and of the computer', async () => {
    await initialize();
    for (const waitMs of [1000, 2000, 4000]) {
      restart();
      expect(await guess('no')).toEqual({ isRight: false, retryAfterMs: waitMs });
      restart();
      clock = { ...clock, elapsedMs: clock.elapsedMs + waitMs - 1 };
      await expect(guess(RIGHT)).rejects.toMatchObject({ details: { retryAfterMs: 1 } });
      clock = { ...clock, elapsedMs: clock.elapsedMs + 1 };
    }
    expect(await guess('no')).toEqual({ isRight: false, retryAfterMs: 8000 });
    clock = { bootId: 'second', elapsedMs: 10 };
    await expect(guess(RIGHT)).rejects.toMatchObject({ details: { retryAfterMs: 7990 } });
    expect(await keystore.getMetadata(APP, DATABASE)).toMatchObject({ failedAttempts: 4 });
  });

  test('never waits longer than a quarter of an hour', async () => {
    await initialize();
    const [name = ''] = readdirSync(folderOf(APP));
    const path = join(folderOf(APP), name);
    const record = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...record, failures: 60, guessedAt: clock }));
    await expect(guess(RIGHT)).rejects.toMatchObject({ details: { retryAfterMs: 900_000 } });
  });

  test('counts as wrong before it is judged, so that a kill forgets no guess', async () => {
    await initialize();
    const replace = vi.spyOn(files, 'replace');
    await guess('no');
    expect(replace.mock.calls.map(([, { failures }]) => failures)).toEqual([1]);
  });

  test('guessed sixteen times at once is judged once', async () => {
    await initialize();
    const answers = await Promise.allSettled(Array.from({ length: 16 }, () => guess('no')));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('that is empty is refused', async () => {
    await expect(
      keystore.initialize(callOf(), DATABASE, { passphrase: bytes(''), kdf }),
    ).rejects.toMatchObject({ reason: 'InvalidParams' });
  });
});

describe('changing the passphrase', () => {
  const change = (from: string, to: string) =>
    keystore.changePassphrase(callOf(), DATABASE, {
      passphrase: bytes(from),
      newPassphrase: bytes(to),
    });

  test('loses nothing that was encrypted before', async () => {
    await initialize();
    const letter = await sealed();
    expect(await change(RIGHT, 'another one')).toEqual({ isRight: true });
    restart();
    expect(await guess('another one')).toEqual({ isRight: true });
    expect(await opened(letter)).toBe('dear diary');
  });

  test('makes the former one wrong', async () => {
    await initialize();
    await change(RIGHT, 'another one');
    expect(await guess(RIGHT)).toMatchObject({ isRight: false });
  });

  test('needs the present one', async () => {
    await initialize();
    expect(await change('no', 'another one')).toMatchObject({ isRight: false });
    clock = { ...clock, elapsedMs: clock.elapsedMs + 1000 };
    expect(await guess(RIGHT)).toEqual({ isRight: true });
  });
});

describe('an opened key', () => {
  test('is of one session', async () => {
    await initialize();
    expect(keystore.isUnlocked('s1', DATABASE)).toBe(true);
    expect(keystore.isUnlocked('s2', DATABASE)).toBe(false);
    await expect(sealed('s2')).rejects.toMatchObject({ details: { rule: 'vault_locked' } });
  });

  test('ends with its session', async () => {
    await initialize();
    keystore.forgetSession('s1');
    await expect(sealed()).rejects.toMatchObject({ details: { rule: 'vault_locked' } });
  });

  test('locks itself when it is not used', async () => {
    await initialize();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await keystore.unlock(callOf(), DATABASE, { passphrase: bytes(RIGHT), autoLockMs: 5000 });
    await vi.advanceTimersByTimeAsync(4999);
    await sealed();
    await vi.advanceTimersByTimeAsync(4999);
    expect(keystore.isUnlocked('s1', DATABASE)).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(keystore.isUnlocked('s1', DATABASE)).toBe(false);
  });

  test('that was locked meanwhile encrypts nothing any more: its bytes are erased', async () => {
    await initialize();
    const cipher = await keystore.cipherOf({ id: 's1', appId: APP }, DATABASE, 'seal');
    expect(keystore.lock('s1')).toBe(1);
    expect(() => cipher.seal({ type: 'string', value: 'x' }, {})).toThrow(/locked/);
  });

  test('is not opened for a session that ended while the passphrase was judged', async () => {
    await initialize();
    keystore.lock('s1');
    const ended = new AbortController();
    const real = createDerivations();
    const derivations: Pick<Derivations, 'argon2'> = {
      argon2: async (...asked) => {
        const key = await real.argon2(...asked);
        ended.abort();
        return key;
      },
    };
    keystore = createKeystore({ files, bootClock: { read: () => clock }, derivations });
    const { signal } = ended;
    await keystore.unlock({ ...callOf(), signal }, DATABASE, { passphrase: bytes(RIGHT) });
    expect(keystore.isUnlocked('s1', DATABASE)).toBe(false);
  });
});

describe('disabling', () => {
  const disable = (passphrase: string, decryptRecords: (cipher: ValueCipher) => Promise<number>) =>
    keystore.disable(callOf(), DATABASE, { passphrase: bytes(passphrase), decryptRecords });

  test('decrypts what the daemon holds, and opens the rest without a passphrase', async () => {
    await initialize();
    const letter = await sealed();
    const decrypted: unknown[] = [];
    const attempt = await disable(RIGHT, (cipher) => {
      decrypted.push(cipher.open(letter, {}).value);
      return Promise.resolve(1);
    });
    expect(attempt).toMatchObject({ isRight: true, decrypted: 1 });
    expect(decrypted).toEqual(['dear diary']);
    restart();
    expect(await opened(letter, 's9')).toBe('dear diary');
    expect(await keystore.getMetadata(APP, DATABASE)).toMatchObject({ enabled: false });
  });

  test('encrypts nothing any more', async () => {
    await initialize();
    await disable(RIGHT, () => Promise.resolve(0));
    await expect(sealed()).rejects.toMatchObject({ details: { rule: 'vault_disabled' } });
  });

  test('that is cut off in the middle loses nothing, and can be repeated', async () => {
    await initialize();
    const letter = await sealed();
    await expect(disable(RIGHT, () => Promise.reject(new Error('cut off')))).rejects.toThrow();
    restart();
    expect(await opened(letter)).toBe('dear diary');
    expect(await disable(RIGHT, () => Promise.resolve(3))).toMatchObject({ decrypted: 3 });
  });

  test('by a wrong passphrase changes nothing', async () => {
    await initialize();
    expect(await disable('no', () => Promise.resolve(1))).toMatchObject({ isRight: false });
    expect(await keystore.getMetadata(APP, DATABASE)).toMatchObject({ enabled: true });
  });

  test('can be taken back: a new passphrase wraps the same key', async () => {
    await initialize();
    const letter = await sealed();
    await disable(RIGHT, () => Promise.resolve(0));
    await keystore.initialize(callOf(), DATABASE, { passphrase: bytes('anew'), kdf });
    keystore.lock('s1');
    await expect(opened(letter)).rejects.toMatchObject({ details: { rule: 'vault_locked' } });
    await guess('anew');
    expect(await opened(letter)).toBe('dear diary');
  });
});

describe('what is kept', () => {
  test('does not name the database in the name of its file', async () => {
    await initialize();
    expect(readdirSync(folderOf(APP)).join()).toMatch(/^[0-9a-f]{64}\.json$/);
  });

  test('tells an app nothing by which a passphrase could be guessed elsewhere', async () => {
    await initialize();
    expect(Object.keys((await keystore.getMetadata(APP, DATABASE)) ?? {}).sort()).toEqual([
      'autoLockMs',
      'createdAt',
      'database',
      'enabled',
      'failedAttempts',
      'kdf',
      'keyId',
    ]);
  });

  test('is refused when it is damaged, and no new key is made in its place', async () => {
    await initialize();
    const [name = ''] = readdirSync(folderOf(APP));
    writeFileSync(join(folderOf(APP), name), '{"version":1}');
    await expect(initialize()).rejects.toMatchObject({
      reason: 'Unavailable',
      details: { rule: 'vault_damaged' },
    });
  });

  test('cannot be initialized twice', async () => {
    await initialize();
    await expect(initialize()).rejects.toMatchObject({ reason: 'Conflict' });
  });

  test('is gone with delete, for every session', async () => {
    await initialize();
    expect(await keystore.delete(APP, DATABASE)).toBe(true);
    expect(keystore.isUnlocked('s1')).toBe(false);
    await expect(sealed()).rejects.toMatchObject({ reason: 'NotFound' });
    expect(await keystore.delete(APP, DATABASE)).toBe(false);
  });

  test('does not open when it is moved to another app', async () => {
    await initialize();
    const [name = ''] = readdirSync(folderOf(APP));
    const record = readFileSync(join(folderOf(APP), name));
    const other = callOf('s2', 'maker/thief');
    await keystore.initialize(other, DATABASE, { passphrase: bytes('own'), kdf });
    writeFileSync(join(folderOf('maker/thief'), name), record);
    const attempt = await keystore.unlock(other, DATABASE, { passphrase: bytes(RIGHT) });
    expect(attempt).toMatchObject({ isRight: false });
  });

  test('is destroyed with the data of its app', async () => {
    await initialize();
    await keystore.wipe(APP);
    expect(await keystore.list(APP)).toEqual([]);
    expect(keystore.isUnlocked('s1')).toBe(false);
  });
});
