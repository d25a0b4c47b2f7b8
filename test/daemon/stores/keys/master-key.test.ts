import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ARGON2_COST, derivePassphraseKey } from '../../../../daemon/secrets/argon2.ts';
import type { KeyCustody } from '../../../../daemon/stores/keys/key-custody.ts';
import { createUnlockPace } from '../../../../daemon/stores/keys/unlock-pace.ts';
import { keyPathsIn, makeCustody, TestKeyring } from '../../../support/key-custody.ts';
import { makeTemporaryFolder } from '../../../support/temporary-store.ts';

const makePaths = () => keyPathsIn(makeTemporaryFolder());
const passphrase = (text = 'correct horse battery'): Buffer => Buffer.from(text);
const unavailable = (rule: string) => ({ reason: 'Unavailable', details: { rule } });

async function open({ storeKeys }: KeyCustody, storeId = 'acme/notes'): Promise<string> {
  const { keys } = await storeKeys.open(storeId, { mustExist: false });
  return keys.map((key) => key.toString('hex')).join(' ');
}

describe('the master key of a new home', () => {
  test('is in the keyring where one works, and nothing else of it is left there', async () => {
    const paths = makePaths();
    const keyring = new TestKeyring();
    const custody = makeCustody(paths, { keyring, preferred: 'automatic' });
    const key = await open(custody);
    expect((await custody.state()).kind).toBe('keyring');
    expect(keyring.accounts).toHaveLength(1);
    expect(existsSync(join(paths.keys, 'master.key'))).toBe(false);
    expect(await open(makeCustody(paths, { keyring, preferred: 'file' }))).toBe(key);
  });

  test('is in a file where no keyring works, unless a keyring was asked for', async () => {
    const keyring = new TestKeyring();
    keyring.isReachable = false;
    const custody = makeCustody(makePaths(), { keyring, preferred: 'automatic' });
    await open(custody);
    expect((await custody.state()).kind).toBe('file');
    const strict = makeCustody(makePaths(), { keyring, preferred: 'keyring' });
    await expect(open(strict)).rejects.toMatchObject(unavailable('keyring_unreachable'));
  });

  test('has another name in the keyring than that of another home', async () => {
    const keyring = new TestKeyring();
    await open(makeCustody(makePaths(), { keyring, preferred: 'keyring' }));
    await open(makeCustody(makePaths(), { keyring, preferred: 'keyring' }));
    const homes = keyring.accounts.map((account) => account.split('-')[0]);
    expect(new Set(homes).size).toBe(2);
  });
});

describe('a master key in the keyring', () => {
  test('that cannot be reached or is gone is never made anew', async () => {
    const paths = makePaths();
    const keyring = new TestKeyring();
    const key = await open(makeCustody(paths, { keyring, preferred: 'keyring' }));
    const [account = ''] = keyring.accounts;
    const secret = await keyring.get(account);

    keyring.isReachable = false;
    const cutOff = makeCustody(paths, { keyring, preferred: 'automatic' });
    await expect(open(cutOff)).rejects.toMatchObject(unavailable('keyring_unreachable'));
    await expect(open(cutOff, 'acme/new')).rejects.toMatchObject(
      unavailable('keyring_unreachable'),
    );
    keyring.isReachable = true;
    await keyring.delete(account);
    const emptied = makeCustody(paths, { keyring });
    await expect(open(emptied)).rejects.toMatchObject(unavailable('master_key_missing'));
    await keyring.set(account, randomBytes(32));
    const replaced = makeCustody(paths, { keyring });
    await expect(open(replaced)).rejects.toMatchObject(unavailable('master_key_changed'));
    await keyring.set(account, secret ?? Buffer.alloc(0));
    expect(await open(makeCustody(paths, { keyring }))).toBe(key);
  });

  test('is held once it was asked for, but its state is looked at each time', async () => {
    const keyring = new TestKeyring();
    const custody = makeCustody(makePaths(), { keyring, preferred: 'keyring' });
    const key = await open(custody);
    keyring.isReachable = false;
    expect(await open(custody)).toBe(key);
    expect((await custody.state()).refusal).toMatchObject(unavailable('keyring_unreachable'));
  });
});

describe('a master key under a passphrase', () => {
  async function makeLocked() {
    const paths = makePaths();
    const before = makeCustody(paths);
    const key = await open(before);
    await before.protect({ kind: 'passphrase', passphrase: passphrase() });
    let now = 0;
    return {
      paths,
      key,
      custody: makeCustody(paths, { pace: createUnlockPace(() => now) }),
      wait: (ms: number) => (now += ms),
    };
  }

  test('opens nothing until it is unlocked, and after it is locked', async () => {
    const { custody, key, paths } = await makeLocked();
    const locked = {
      ...unavailable('keys_locked'),
      details: { rule: 'keys_locked', command: 'locara keys unlock' },
    };
    await expect(open(custody)).rejects.toMatchObject(locked);
    await expect(open(custody, 'acme/new')).rejects.toMatchObject(locked);
    expect(existsSync(paths.storeKey('acme/new'))).toBe(false);
    const typed = passphrase();
    await custody.unlock(typed);
    expect(typed.every((byte) => byte === 0)).toBe(true);
    expect(await open(custody)).toBe(key);
    await custody.lock();
    await expect(open(custody)).rejects.toMatchObject(locked);
  });

  test('has left no file behind that opens the keys', async () => {
    const { paths } = await makeLocked();
    expect(existsSync(join(paths.keys, 'master.key'))).toBe(false);
  });

  test('can be forgotten with a store while it is locked: wiping needs no key', async () => {
    const { custody, paths } = await makeLocked();
    await custody.storeKeys.destroy('acme/notes');
    expect(existsSync(paths.storeKey('acme/notes'))).toBe(false);
  });

  test('is not guessed quickly: each wrong passphrase doubles the wait', async () => {
    const { custody, wait } = await makeLocked();
    const wrong = { reason: 'InvalidParams', details: { rule: 'passphrase_wrong' } };
    await expect(custody.unlock(passphrase('wrong'))).rejects.toMatchObject(wrong);
    await expect(custody.unlock(passphrase())).rejects.toMatchObject({
      reason: 'Busy',
      details: { retryAfterMs: 1000 },
    });
    wait(1000);
    await expect(custody.unlock(passphrase('wrong'))).rejects.toMatchObject(wrong);
    await expect(custody.unlock(passphrase())).rejects.toMatchObject({
      details: { retryAfterMs: 2000 },
    });
    wait(2000);
    await custody.unlock(passphrase());
  });

  test('takes one guess at a time', async () => {
    const { custody } = await makeLocked();
    const guesses = await Promise.allSettled(
      ['one', 'two', 'three'].map((text) => custody.unlock(passphrase(text))),
    );
    const reasons = guesses.map((guess) =>
      guess.status === 'rejected' ? (guess.reason as { reason: string }).reason : 'opened',
    );
    expect(reasons.sort()).toEqual(['Busy', 'Busy', 'InvalidParams']);
  });

  test('cannot be locked or unlocked where there is no passphrase', async () => {
    const custody = makeCustody(makePaths());
    await open(custody);
    const refusal = { reason: 'InvalidParams', details: { rule: 'not_locked' } };
    await expect(custody.lock()).rejects.toMatchObject(refusal);
    await expect(custody.unlock(passphrase())).rejects.toMatchObject(refusal);
  });

  test('costs a guess 64 MiB and three passes of Argon2id', async () => {
    expect(ARGON2_COST).toEqual({ memoryKib: 65_536, passes: 3, lanes: 4 });
    const salt = Buffer.alloc(16, 1);
    const key = await derivePassphraseKey(passphrase(), { salt, cost: ARGON2_COST });
    expect(key).toHaveLength(32);
  });
});

describe('a change of the master key', () => {
  test('keeps every data key and names the one that was damaged before', async () => {
    const paths = makePaths();
    const custody = makeCustody(paths);
    const keys = [await open(custody, 'acme/notes'), await open(custody, 'acme/mail')];
    mkdirSync(dirname(paths.storeKey('zeta/x')), { recursive: true });
    writeFileSync(paths.storeKey('zeta/x'), 'garbage', { mode: 0o600 });
    const before = readFileSync(join(paths.keys, 'master.key'));
    expect(await custody.protect({ kind: 'file' })).toEqual({ stores: 2, unreadable: ['zeta/x'] });
    expect(await open(custody, 'acme/notes')).toBe(keys[0]);
    expect(await open(custody, 'acme/mail')).toBe(keys[1]);
    writeFileSync(join(paths.keys, 'master.key'), before, { mode: 0o600 });
    expect(await open(makeCustody(paths), 'acme/notes')).toBe(keys[0]);
  });

  test('lets stores be opened, made and wiped while it runs', async () => {
    const paths = makePaths();
    const custody = makeCustody(paths);
    const ids = Array.from({ length: 20 }, (_, index) => `acme/app-${index}`);
    const keys = await Promise.all(ids.map((id) => open(custody, id)));
    const change = custody.protect({ kind: 'file' });
    const opened = ids.map((id) => open(custody, id));
    const made = open(custody, 'acme/new');
    const wiped = custody.storeKeys.destroy('acme/app-3');
    expect((await change).unreadable).toEqual([]);
    expect(await Promise.all(opened)).toEqual(keys);
    await wiped;
    expect(existsSync(paths.storeKey('acme/app-3'))).toBe(false);
    expect(await open(makeCustody(paths), 'acme/new')).toBe(await made);
  });

  test('that fails to keep the new key leaves the one before in force', async () => {
    const paths = makePaths();
    const keyring = new TestKeyring();
    const custody = makeCustody(paths, { keyring });
    const key = await open(custody);
    keyring.isReachable = false;
    await expect(custody.protect({ kind: 'keyring' })).rejects.toMatchObject(
      unavailable('keyring_unreachable'),
    );
    expect((await custody.state()).kind).toBe('file');
    expect(await open(makeCustody(paths), 'acme/notes')).toBe(key);
  });
});

test('a keyring that does not answer keeps only its own leftover, not the file that was replaced', async () => {
  const paths = makePaths();
  const keyring = new TestKeyring();
  const custody = makeCustody(paths, { keyring });
  await open(custody);
  keyring.isReachable = false;
  await expect(custody.protect({ kind: 'keyring' })).rejects.toMatchObject(
    unavailable('keyring_unreachable'),
  );
  await custody.protect({ kind: 'passphrase', passphrase: passphrase() });
  expect(existsSync(join(paths.keys, 'master.key'))).toBe(false);
});
