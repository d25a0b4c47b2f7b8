import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { installSample } from '../support/install-sample.ts';
import { authenticate, openWire, type RawCredentials, type Wire } from '../support/raw-client.ts';

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
