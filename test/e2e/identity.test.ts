import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import {
  authenticate,
  openWire,
  type ProofChanges,
  type RawCredentials,
  type Wire,
} from '../support/raw-client.ts';

let daemon: DaemonProcess;
let notes: RawCredentials;
let other: RawCredentials;
/** Opened while this process was no app yet. */
let earlyControl: Wire;

beforeAll(async () => {
  daemon = await startDaemonProcess();
  notes = await installSample(daemon.controlSocket);
  earlyControl = await openWire(daemon.controlSocket);
  other = await installSample(daemon.controlSocket, { name: 'other', modalities: [], models: [] });
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

function foreignKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' });
}

describe('the handshake', () => {
  test('an honest app gets a session and the daemon proves itself', async () => {
    const wire = await openWire(daemon.appSocket);
    const { result } = await authenticate(wire, notes);
    expect(result).toMatchObject({
      app: { id: 'acme/notes', version: '1.0.0', displayName: 'Notes' },
      attestation: 'install-key',
    });
    const { grants } = result as { grants: { capability: string; state: string }[] };
    expect(grants).toContainEqual({ capability: 'llm:generate', state: 'granted' });
    const info = await wire.call('session.info');
    expect(info.result).toMatchObject({ app: { id: 'acme/notes' }, limits: {}, quotas: {} });
    wire.end();
  });

  const attacks: [string, () => ProofChanges][] = [
    ['another key', () => ({ installKey: foreignKey() })],
    ["another app's key", () => ({ installKey: other.installKey })],
    ['an unknown app', () => ({ appId: 'acme/unknown' })],
    ['an app id of __proto__', () => ({ appId: '__proto__' })],
    ['an app id with ..', () => ({ appId: '../acme/notes' })],
    ['an app id in capitals', () => ({ appId: 'ACME/notes' })],
    ['another digest', () => ({ manifestDigest: `sha256:${'0'.repeat(64)}` })],
    ['a digest of the wrong form', () => ({ manifestDigest: 'sha256:' })],
    ['another pid', () => ({ pid: process.pid + 1 })],
    ['a pid that differs from the signed one', () => ({ signedPid: process.pid + 1 })],
    ['a server nonce of its own', () => ({ serverNonce: randomBytes(32) })],
    ['a short nonce', () => ({ nonce: randomBytes(16) })],
    ['an empty signature', () => ({ signature: '' })],
    ['a random signature', () => ({ signature: randomBytes(64).toString('base64') })],
  ];
  test.each(attacks)(
    '%s is Unauthenticated with an errorId, and the end',
    async (_name, changes) => {
      const wire = await openWire(daemon.appSocket);
      const { error } = await authenticate(wire, notes, changes());
      expect(error).toMatchObject({
        code: -32001,
        message:
          'The proof of identity failed; the log of the daemon says which check, by this errorId.',
      });
      expect(error?.data).toEqual({
        reason: 'Unauthenticated',
        retryable: false,
        errorId: error?.data.errorId,
      });
      await wire.closed();
      const log = readFileSync(daemon.logFile, 'utf8');
      expect(log).toContain(error?.data.errorId ?? 'missing');
    },
  );

  test('a replayed proof fails on a new connection', async () => {
    const first = await openWire(daemon.appSocket);
    await authenticate(first, notes);
    const sent = first.received.length;
    expect(sent).toBeGreaterThan(0);
    const second = await openWire(daemon.appSocket);
    const { error } = await authenticate(second, notes, { serverNonce: randomBytes(32) });
    expect(error?.data.reason).toBe('Unauthenticated');
    first.end();
  });

  test('a second hello, and hello in a session, are Conflict and the end', async () => {
    const hello = { protocol: { min: 1, max: 1 }, client: { name: 'x', version: '1' } };
    const twice = await openWire(daemon.appSocket);
    await twice.call('session.hello', hello);
    expect((await twice.call('session.hello', hello)).error?.data.reason).toBe('Conflict');
    await twice.closed();
    const late = await openWire(daemon.appSocket);
    await authenticate(late, notes);
    expect((await late.call('session.hello', hello)).error?.data.reason).toBe('Conflict');
    await late.closed();
  });

  test('no common version is IncompatibleVersion with what is supported', async () => {
    const wire = await openWire(daemon.appSocket);
    const { error } = await wire.call('session.hello', {
      protocol: { min: 2, max: 9 },
      client: { name: 'x', version: '1' },
    });
    expect(error?.data).toMatchObject({
      reason: 'IncompatibleVersion',
      details: { supported: { min: 1, max: 1 } },
    });
  });

  test('authenticate without hello is Unauthenticated', async () => {
    const wire = await openWire(daemon.appSocket);
    const { error } = await wire.call('session.authenticate', {
      appId: notes.appId,
      manifestDigest: notes.manifestDigest,
      nonce: randomBytes(32).toString('base64'),
      pid: process.pid,
      signature: randomBytes(64).toString('base64'),
    });
    expect(error?.data.reason).toBe('Unauthenticated');
    await wire.closed();
  });
});

describe('rights', () => {
  test('a method outside the manifest is CapabilityDenied, naming what would declare it', async () => {
    const wire = await openWire(daemon.appSocket);
    await authenticate(wire, other);
    const { error } = await wire.call('llm.chat', { messages: 'not even valid' });
    expect(error).toMatchObject({
      code: -32003,
      data: {
        reason: 'CapabilityDenied',
        details: { capability: 'llm:generate', manifestPath: 'modalities: ["text-to-text"]' },
      },
    });
    wire.end();
  });

  test("another app's blob is NotFound, as an absent one is", async () => {
    const mine = await openWire(daemon.appSocket);
    await authenticate(mine, notes);
    const created = await mine.call('blobs.create', {});
    const theirs = await openWire(daemon.appSocket);
    await authenticate(theirs, other);
    const read = { blob: created.result?.['blob'], offset: 0, length: 10 };
    const foreign = await theirs.call('blobs.read', read);
    const absent = await theirs.call('blobs.read', { ...read, blob: 'no-such-blob' });
    expect(foreign.error).toEqual(absent.error);
    expect(foreign.error?.data.reason).toBe('NotFound');
    mine.end();
    theirs.end();
  });
});

describe('the control socket', () => {
  /** Connects to the control socket from a child of this process, which has held app sessions. */
  test('refuses an app and its children', async () => {
    const app = await openWire(daemon.appSocket);
    await authenticate(app, notes);
    const socket = connect(daemon.controlSocket);
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(JSON.parse(bytes.toString())).toMatchObject({
      error: { data: { reason: 'Unauthenticated' } },
    });
    await once(socket, 'close');
    const script = `const s=require('net').connect(process.argv[1]);s.on('data',d=>process.stdout.write(d))`;
    const child = spawn(process.execPath, ['-e', script, daemon.controlSocket]);
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    expect(said.toString()).toContain('Unauthenticated');
    app.end();
  });

  test('refuses a process that became an app after it connected', async () => {
    const app = await openWire(daemon.appSocket);
    await authenticate(app, notes);
    await earlyControl.call('app.consent', { appId: 'acme/notes', capability: 'store:sql' });
    expect(earlyControl.received).toMatchObject([
      { id: null, error: { data: { reason: 'Unauthenticated' } } },
    ]);
    await earlyControl.closed();
    app.end();
  });
});
