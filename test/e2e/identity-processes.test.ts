import { chmodSync, mkdtempSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { checkOf, type ProofOutcome, startAttack } from '../support/attack-process.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';

/** A user that is nobody's. */
const STRANGER = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;

let daemon: DaemonProcess;
let folder: string;
/** Of the installed app. */
let credentials: string;
let foreignKey: string;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  folder = mkdtempSync(join(tmpdir(), 'locara-a-'));
  credentials = join(folder, 'credentials.json');
  writeFileSync(credentials, JSON.stringify(await installSample(daemon.controlSocket)));
  foreignKey = join(folder, 'key.pem');
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(foreignKey, privateKey.export({ type: 'pkcs8', format: 'pem' }));
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test('a client in plain JavaScript, written from the contract alone, gets a session', async () => {
  using app = startAttack('plain-client.mjs', [credentials]);
  expect(await app.next()).toMatchObject({
    answer: { result: { app: { id: 'acme/notes' }, attestation: 'install-key' } },
    isDaemonProven: true,
  });
});

test('attack 11: a request sent before the challenge is refused, and never executed after it', async () => {
  using app = startAttack('plain-client.mjs', [credentials]);
  const { early, answer } = (await app.next()) as ProofOutcome;
  expect(early.error?.data.reason).toBe('Unauthenticated');
  expect(answer.result).toBeDefined();
});

describe.runIf(process.platform === 'linux')('a connection that is left to a child', () => {
  /** Connects, hands its socket on, and turns into `sleep` or ends; its child then speaks. */
  async function leaveSocket(end: 'exec' | 'exit', ...rest: string[]): Promise<ProofOutcome> {
    using attack = startAttack('leave-socket.mjs', [daemon.appSocket, end, credentials, ...rest]);
    const gone = end === 'exit' ? once(attack.child, 'exit') : undefined;
    expect(await attack.next()).toBe('waiting');
    await gone;
    if (end === 'exec') {
      const trusted = realpathSync('/bin/sleep');
      await vi.waitFor(() => {
        expect(readlinkSync(`/proc/${attack.pid}/exe`)).toBe(trusted);
      }, 30_000);
    }
    attack.go();
    return (await attack.next()) as ProofOutcome;
  }

  test('attack 1: a process that became another program gains nothing from what it became', async () => {
    const { answer, early } = await leaveSocket('exec', '--key', foreignKey);
    expect(checkOf(daemon.logFile, answer)).toBe('signature');
    expect(early.error?.data.reason).toBe('Unauthenticated');
  });

  test('attack 1: what identifies it is the install key, whatever program its number shows', async () => {
    const { answer } = await leaveSocket('exec');
    expect(answer.result).toMatchObject({ attestation: 'install-key' });
  });

  test('attack 2: once the process that connected is gone, nobody speaks for it, not even with its key', async () => {
    const { answer } = await leaveSocket('exit');
    expect(checkOf(daemon.logFile, answer)).toBe('peer');
  });
});

describe('attack 6: a relay between an app and the daemon', () => {
  async function throughRelay(claim: (relayPid: number) => string[]): Promise<ProofOutcome> {
    const own = join(folder, 'relay.sock');
    rmSync(own, { force: true });
    using relay = startAttack('relay.mjs', [own, daemon.appSocket]);
    expect(await relay.next()).toBe('listening');
    using victim = startAttack('plain-client.mjs', [
      credentials,
      '--socket',
      own,
      ...claim(relay.pid),
    ]);
    return (await victim.next()) as ProofOutcome;
  }

  test('is refused, because another process connected than the one that signed', async () => {
    const { answer, isDaemonProven } = await throughRelay(() => []);
    expect(checkOf(daemon.logFile, answer)).toBe('pid');
    expect(isDaemonProven).toBe(false);
  });

  test('is stopped by the pid alone: an app that signs for the number of the relay is let in', async () => {
    const { answer } = await throughRelay((relayPid) => ['--pid', String(relayPid)]);
    expect(answer.result).toBeDefined();
  });
});

describe.runIf(isRoot)('another user of the computer', () => {
  // The stranger may have the key: what is tried is everything else.
  beforeAll(() => {
    chmodSync(tmpdir(), 0o711);
    chmodSync(folder, 0o755);
    chmodSync(credentials, 0o644);
  });

  test('attack 17: cannot reach the socket', async () => {
    using stranger = startAttack('plain-client.mjs', [credentials], STRANGER);
    expect(await stranger.next()).toEqual({ failed: 'EACCES' });
  });

  test('attack 17: is refused even where both sockets are open to all', async () => {
    for (const path of [daemon.home, dirname(daemon.appSocket)]) chmodSync(path, 0o755);
    for (const socket of [daemon.appSocket, daemon.controlSocket]) chmodSync(socket, 0o666);
    using stranger = startAttack('plain-client.mjs', [credentials], STRANGER);
    const { answer } = (await stranger.next()) as ProofOutcome;
    expect(checkOf(daemon.logFile, answer)).toBe('uid');
    const onControl = [credentials, '--socket', daemon.controlSocket];
    using intruder = startAttack('plain-client.mjs', onControl, STRANGER);
    expect(await intruder.next()).toMatchObject({
      refused: { data: { reason: 'Unauthenticated' } },
    });
  });
});
