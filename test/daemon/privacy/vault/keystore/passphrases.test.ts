import { readFileSync, writeFileSync } from 'node:fs';
import { RpcError } from '@locara/protocol';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { APP, DATABASE, KeystoreHome, RIGHT } from '../../../../support/keystore-home.ts';
import { callOf, QUICK_KDF } from '../../../../support/vault.ts';

let home: KeystoreHome;
beforeEach(() => {
  home = new KeystoreHome();
});

describe('a passphrase', () => {
  test('opens the key that it wraps, also after a restart', async () => {
    await home.initialize();
    const letter = await home.seal();
    home.restart();
    expect(home.keystore.isUnlocked('s1', DATABASE)).toBe(false);
    expect(await home.guess(RIGHT)).toEqual({ isRight: true });
    expect(await home.open(letter)).toBe('dear diary');
  });

  test('that is wrong opens nothing, and the next guess has to wait', async () => {
    await home.initialize();
    home.keystore.lock('s1');
    expect(await home.guess('battery staple')).toEqual({ isRight: false, retryAfterMs: 1000 });
    await expect(home.guess(RIGHT)).rejects.toMatchObject({
      reason: 'Busy',
      details: { retryAfterMs: 1000 },
    });
    expect(home.keystore.isUnlocked('s1')).toBe(false);
    home.pass(1000);
    expect(await home.guess(RIGHT)).toEqual({ isRight: true });
  });

  test('wrong again waits twice as long, through restarts of the daemon and of the computer', async () => {
    await home.initialize();
    for (const waitMs of [1000, 2000, 4000]) {
      home.restart();
      expect(await home.guess('no')).toEqual({ isRight: false, retryAfterMs: waitMs });
      home.restart();
      home.pass(waitMs - 1);
      await expect(home.guess(RIGHT)).rejects.toMatchObject({ details: { retryAfterMs: 1 } });
      home.pass(1);
    }
    expect(await home.guess('no')).toEqual({ isRight: false, retryAfterMs: 8000 });
    home.clock = { bootId: 'second', elapsedMs: 10 };
    await expect(home.guess(RIGHT)).rejects.toMatchObject({ details: { retryAfterMs: 7990 } });
    expect(await home.keystore.getMetadata(APP, DATABASE)).toMatchObject({ failedAttempts: 4 });
  });

  test('never waits longer than a quarter of an hour', async () => {
    await home.initialize();
    const record = JSON.parse(readFileSync(home.file, 'utf8')) as object;
    writeFileSync(home.file, JSON.stringify({ ...record, failures: 60, guessedAt: home.clock }));
    await expect(home.guess(RIGHT)).rejects.toMatchObject({ details: { retryAfterMs: 900_000 } });
  });

  test('counts as wrong before it is judged, so that a kill forgets no guess', async () => {
    await home.initialize();
    const replace = vi.spyOn(home.files, 'replace');
    await home.guess('no');
    expect(replace.mock.calls.map(([, { failures }]) => failures)).toEqual([1]);
  });

  test('that could not be judged counts as no guess', async () => {
    await home.initialize();
    const busy = new RpcError('Busy', 'Too many wait.');
    home.restart({ argon2: () => Promise.reject(busy) });
    await expect(home.guess(RIGHT)).rejects.toBe(busy);
    home.restart();
    expect(await home.guess(RIGHT)).toEqual({ isRight: true });
  });

  test('guessed sixteen times at once is judged once', async () => {
    await home.initialize();
    const answers = await Promise.allSettled(Array.from({ length: 16 }, () => home.guess('no')));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('that is empty is refused', async () => {
    await expect(home.initialize('')).rejects.toMatchObject({ reason: 'InvalidParams' });
  });
});

describe('changing the passphrase', () => {
  const change = (from: string, to: string) =>
    home.keystore.changePassphrase(callOf(), DATABASE, {
      passphrase: Buffer.from(from),
      newPassphrase: Buffer.from(to),
    });

  test('to one that costs more than is allowed is refused before a guess is counted', async () => {
    await home.initialize();
    const greedy = home.keystore.changePassphrase(callOf(), DATABASE, {
      passphrase: Buffer.from('wrong'),
      newPassphrase: Buffer.from('new'),
      kdf: { ...QUICK_KDF, memoryKib: 256 * 1024, passes: 5 },
    });
    await expect(greedy).rejects.toMatchObject({ details: { rule: 'kdf_too_costly' } });
    expect(await home.keystore.getMetadata(APP, DATABASE)).toMatchObject({ failedAttempts: 0 });
  });

  test('loses nothing that was encrypted before', async () => {
    await home.initialize();
    const letter = await home.seal();
    expect(await change(RIGHT, 'another one')).toEqual({ isRight: true });
    home.restart();
    expect(await home.guess('another one')).toEqual({ isRight: true });
    expect(await home.open(letter)).toBe('dear diary');
  });

  test('makes the former one wrong', async () => {
    await home.initialize();
    await change(RIGHT, 'another one');
    expect(await home.guess(RIGHT)).toMatchObject({ isRight: false });
  });

  test('needs the present one', async () => {
    await home.initialize();
    expect(await change('no', 'another one')).toMatchObject({ isRight: false });
    home.pass(1000);
    expect(await home.guess(RIGHT)).toEqual({ isRight: true });
  });
});
