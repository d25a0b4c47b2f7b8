import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openControlWire } from '../support/control-wire.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { findInMemory } from '../support/process-memory.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';

let daemon: DaemonProcess;
let credentials: RawCredentials;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  credentials = await installSample(daemon.controlSocket);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

async function openSession(): Promise<Wire> {
  const wire = await openWire(daemon.appSocket);
  await authenticate(wire, credentials);
  return wire;
}

const QUICK = { memoryKib: 19 * 1024, passes: 2, lanes: 1 };

describe('the vault over the socket', () => {
  test('gives back a value in its type', async () => {
    const wire = await openSession();
    const values = [
      { text: 'Grüße' },
      { base64: 'AP8=' },
      { json: { digits: '123', list: [1, null] } },
      { vector: { f32: 'AADAfwAAAIA=' } },
    ];
    const derived = await wire.call('vault.deriveKey', { passphrase: 'p', kdf: QUICK });
    const key = derived.result?.['key'];
    for (const value of values) {
      const context = { record: 'r' };
      const { result } = await wire.call('vault.encrypt', { value, key, context });
      const opened = await wire.call('vault.decrypt', { ...result, key, context });
      expect(opened.result).toEqual({ value });
      const misplaced = await wire.call('vault.decrypt', { ...result, key });
      expect(misplaced.error?.data).toMatchObject({
        reason: 'Conflict',
        details: { rule: 'sealed' },
      });
    }
    wire.end();
  });

  test('refuses a number that a vector would bring back as Infinity', async () => {
    const wire = await openSession();
    const { error } = await wire.call('vault.encrypt', {
      value: { vector: [1, 1e39] },
      passphrase: 'p',
    });
    expect(error?.data).toMatchObject({
      reason: 'InvalidParams',
      details: { rule: 'f32_range' },
    });
    wire.end();
  });

  test('keeps the sign of a zero in JSON on its whole way', async () => {
    const wire = await openSession();
    const value = '{"json":[-0,0,{"a":-0}]}';
    const params = `{"value":${value},"passphrase":"p","version":1}`;
    wire.sendRaw(`{"jsonrpc":"2.0","id":"z","method":"vault.encrypt","params":${params}}\n`);
    const { result } = await wire.next(({ id }) => id === 'z');
    const opened = await wire.call('vault.decrypt', { ...result, passphrase: 'p', as: 'json' });
    const { json } = (opened.result as { value: { json: number[] } }).value;
    expect(json.slice(0, 2).map((number) => Object.is(number, -0))).toEqual([true, false]);
    wire.end();
  });

  test.each([
    ['a passphrase said twice', '{"passphrase":"a","passphrase":"b"}'],
    ['a passphrase said twice, once with escapes', '{"passphrase":"a","p\\u0061ssphrase":"b"}'],
  ])('ends the connection over %s', async (_, params) => {
    const wire = await openSession();
    wire.sendRaw(`{"jsonrpc":"2.0","id":1,"method":"vault.hashPassphrase","params":${params}}\n`);
    const answer = await wire.next(({ id }) => id === null);
    expect(answer.error?.data.reason).toBe('ParseError');
    await wire.closed();
  });

  test('refuses a passphrase that is too long, no text or half a character, and goes on', async () => {
    const wire = await openSession();
    for (const passphrase of ['é'.repeat(4097), 7, { 0: 1, length: 1 }, '\ud800']) {
      const answer = await wire.call('vault.hashPassphrase', { passphrase, kdf: QUICK });
      expect(answer.error?.data).toMatchObject({
        reason: 'InvalidParams',
        details: { issues: [{ path: 'passphrase' }] },
      });
    }
    const whole = await wire.call('vault.hashPassphrase', {
      passphrase: 'é'.repeat(4096),
      kdf: QUICK,
    });
    expect(whole.result?.['hash']).toMatch(/^\$argon2id/);
    wire.end();
  });

  test('streams in pieces of at most a mebibyte', async () => {
    const wire = await openSession();
    const by = { passphrase: 'p' };
    const { result } = await wire.call('vault.openStream', {
      direction: 'encrypt',
      kdf: QUICK,
      ...by,
    });
    const { stream, header } = result as { stream: string; header: string };
    const data = Buffer.alloc(1024 * 1024 + 1, 7);
    const tooLarge = { stream, offset: 0, data: data.toString('base64') };
    const refused = await wire.call('vault.pushStream', tooLarge);
    expect(refused.error?.data.reason).toBe('PayloadTooLarge');
    const piece = data.subarray(1).toString('base64');
    const pushed = await wire.call('vault.pushStream', { stream, offset: 0, data: piece });
    const closed = await wire.call('vault.closeStream', { stream, offset: data.length - 1 });
    const parts = [pushed, closed].map(({ result: got }) => String(got?.['data']));
    const opened = await wire.call('vault.openStream', { direction: 'decrypt', header, ...by });
    const id = opened.result?.['stream'];
    let offset = 0;
    let plain = 0;
    for (const part of parts) {
      const got = await wire.call('vault.pushStream', { stream: id, offset, data: part });
      offset += Buffer.from(part, 'base64').length;
      plain += Buffer.from(String(got.result?.['data']), 'base64').length;
    }
    const last = await wire.call('vault.closeStream', { stream: id, offset });
    plain += Buffer.from(String(last.result?.['data']), 'base64').length;
    expect(plain).toBe(data.length - 1);
    wire.end();
  });
});

describe.runIf(existsSync('/proc/self/mem'))('the memory of the daemon', () => {
  test('holds a text that came in a message, so that looking for one can find it', async () => {
    const wire = await openSession();
    const canary = 'c4n4ry-of-another-parameter';
    await wire.call('vault.hashPassphrase', { passphrase: 'p', unknown: canary });
    const { result } = await wire.call('vault.deriveKey', { passphrase: 'p', kdf: QUICK });
    await wire.call('vault.encrypt', { value: { text: canary }, key: result?.['key'] });
    expect(findInMemory(daemon.pid, canary)).not.toEqual([]);
    wire.end();
  });

  test.each(['as it is', 'in many pieces', 'with escapes', 'with a wrong parameter'])(
    'does not hold a passphrase after its call: %s',
    async (how) => {
      const wire = await openSession();
      const canary = `Zt9-${how.replaceAll(' ', '')}-qX7-vault-canary`;
      const written = how === 'with escapes' ? escapeAll(canary) : canary;
      const wrong = how === 'with a wrong parameter' ? ',"wrong":1' : '';
      const params = `{"passphrase":"${written}","kdf":${JSON.stringify(QUICK)}${wrong}}`;
      const line = `{"jsonrpc":"2.0","id":"h","method":"vault.hashPassphrase","params":${params}}\n`;
      if (how === 'in many pieces') await sendSlowly(wire, line);
      else wire.sendRaw(line);
      await wire.next(({ id }) => id === 'h');
      await settle(wire);
      expect(findInMemory(daemon.pid, canary)).toEqual([]);
      if (written !== canary) expect(findInMemory(daemon.pid, written)).toEqual([]);
      wire.end();
    },
  );

  test('does not hold the passphrase of the keys after locking', async () => {
    const control = await openControlWire(daemon.controlSocket);
    const canary = 'Zt9-control-qX7-keys-canary';
    await control.call('keys.protect', { with: 'passphrase', passphrase: canary });
    await control.call('keys.lock', {});
    const unlocked = await control.call('keys.unlock', { passphrase: canary });
    expect(unlocked.result).toMatchObject({ state: 'ready' });
    await control.call('keys.lock', {});
    expect(findInMemory(daemon.pid, canary)).toEqual([]);
    control.end();
  });
});

/** What the system lent for one message it lends for the next: some calls of everyday length, as any app makes. */
async function settle(wire: Wire): Promise<void> {
  for (let count = 0; count < 3; count += 1) await wire.call('session.info', {});
}

function escapeAll(text: string): string {
  return Array.from(text, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join(
    '',
  );
}

async function sendSlowly(wire: Wire, line: string): Promise<void> {
  for (let at = 0; at < line.length; at += 7) {
    wire.sendRaw(line.slice(at, at + 7));
    await new Promise(setImmediate);
  }
}
