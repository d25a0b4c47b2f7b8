import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';

const MIB = 1024 * 1024;
const PING = '{"jsonrpc":"2.0","id":"slow","method":"daemon.ping"}\n';

let daemon: DaemonProcess;
let credentials: RawCredentials;

beforeAll(async () => {
  daemon = await startDaemonProcess({ environment: { LOCARA_AUTH_TIMEOUT_MS: '2000' } });
  credentials = await installSample(daemon.controlSocket);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

async function openSession(): Promise<Wire> {
  const wire = await openWire(daemon.appSocket);
  expect((await authenticate(wire, credentials)).error).toBeUndefined();
  return wire;
}
function residentBytes(): number {
  const status = readFileSync(`/proc/${daemon.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

test('in a session a line may take as long as it likes; others do not wait for it', async () => {
  const [slow, other] = await Promise.all([openSession(), openSession()]);
  const answered = slow.next(({ id }) => id === 'slow');
  for (const byte of PING) {
    slow.sendRaw(byte);
    // The next byte waits for this answer: if it waited for the end of the line, neither would come.
    expect((await other.call('daemon.ping')).result).toEqual({ ok: true });
    await sleep(50);
  }
  expect((await answered).result).toEqual({ ok: true });
  slow.end();
  other.end();
});

test.runIf(process.platform === 'linux')(
  'unfinished lines on many connections cost no more than twice their bytes, however often',
  async () => {
    const before = residentBytes();
    const part = Buffer.alloc(3 * MIB, 0x20);
    for (let round = 0; round < 3; round += 1) {
      const wires = await Promise.all(Array.from({ length: 32 }, () => openSession()));
      for (const wire of wires) wire.sendRaw(part);
      for (const wire of wires) {
        await expect.poll(() => wire.socket.writableLength).toBe(0);
      }
      for (const wire of wires) wire.sendRaw(' ');
      await sleep(200);
      expect(residentBytes() - before).toBeLessThan(2 * wires.length * part.length + 100 * MIB);
      for (const wire of wires) wire.end();
      const wire = await openSession();
      expect((await wire.call('daemon.ping')).result).toEqual({ ok: true });
      wire.end();
    }
  },
);

test('a depth of 100,000 in a session is ParseError and the end', async () => {
  const wire = await openSession();
  wire.sendRaw(`${'['.repeat(100_000)}${']'.repeat(100_000)}\n`);
  expect((await wire.next(({ id }) => id === null)).error?.data.reason).toBe('ParseError');
  await wire.closed();
});
