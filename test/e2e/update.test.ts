import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InstalledApp, NOTICES } from '@locara/protocol';
import { openControlWire } from '../support/control-wire.ts';
import { createHome, startDaemonProcess } from '../support/daemon-process.ts';
import {
  createSigningKey,
  manifest,
  PINS,
  type SigningKey,
  writePackage,
} from '../support/install-sample.ts';
import {
  authenticate,
  openWire,
  type RawCredentials,
  readCredentials,
  type Wire,
  type WireMessage,
} from '../support/raw-client.ts';

const appId = 'acme/notes';
const modest = { modalities: [], models: [], storage: {} };
const EIGHT_DAYS_S = 8 * 24 * 60 * 60;
const DAY_MS = 24 * 60 * 60 * 1000;

let home: string;
let key: SigningKey;
beforeAll(() => {
  home = createHome();
  key = createSigningKey();
});
afterAll(() => {
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

async function install(control: Wire, changes: Record<string, unknown>): Promise<RawCredentials> {
  const path = writePackage(manifest(changes), key);
  const { result: shown } = await control.call('app.inspect', { path });
  const { consentDigest } = shown?.['summary'] as { consentDigest: string };
  const request = { path, consentDigest, acceptRisk: true };
  const { result } = await control.call('app.install', request);
  return readCredentials(result?.['credentials'] as string);
}

async function openSession(appSocket: string, credentials: RawCredentials): Promise<Wire> {
  const wire = await openWire(appSocket);
  const { error } = await authenticate(wire, credentials);
  expect(error).toBeUndefined();
  return wire;
}

async function show(control: Wire): Promise<InstalledApp> {
  const { result } = await control.call('app.show', { appId });
  return result?.['app'] as InstalledApp;
}

function refusalOf({ error }: WireMessage): unknown[] {
  return [error?.data.reason, error?.data.details?.['rule']];
}

const put = {
  collection: 'notes',
  records: [{ id: 'one', metadata: { title: 'kept' } }],
};
const get = { collection: 'notes', ids: ['one'] };
const chat = { messages: [{ role: 'user', content: 'Hi' }], maxTokens: 1 };

describe('an update that asks for more, on a real daemon', () => {
  test('goes on with the old rights, and the new ones wait', async () => {
    await using daemon = await startDaemonProcess({ home });
    const control = await openControlWire(daemon.controlSocket);
    await control.call('trust.add', { name: 'Acme', publicKeyPem: key.publicPem });
    const first = await install(control, modest);
    const app = await openSession(daemon.appSocket, first);
    await app.call('collections.create', { collection: 'notes' });
    expect((await app.call('collections.upsert', put)).error).toBeUndefined();

    const second = await install(control, {
      ...modest,
      version: '2.0.0',
      modalities: ['text-to-text'],
      models: PINS,
    });
    // What runs is the version that was signed before: it must prove itself anew.
    await app.closed();
    const updated = await openSession(daemon.appSocket, second);
    expect((await updated.call('collections.get', get)).result).toBeDefined();
    expect((await updated.call('llm.chat', chat)).error?.data).toMatchObject({
      reason: 'CapabilityDenied',
      details: { method: 'llm.chat', capability: 'llm:generate' },
    });

    const { version, pending } = await show(control);
    expect(version).toBe('2.0.0');
    expect(pending?.remainingMs).toBeGreaterThan(7 * DAY_MS - 60 * 60 * 1000);
    const consent = { appId, diffDigest: pending?.diffDigest };
    const refused = await control.call('app.consent', consent);
    expect(refusalOf(refused)).toEqual(['CapabilityDenied', 'cool_down']);
    updated.end();
    control.end();
  });

  test('attack 34: eight days of boot time end the wait, and consent names exactly what is shown', async ({
    skip,
  }) => {
    const ahead = ['unshare', '--time', `--boottime=${EIGHT_DAYS_S}`];
    const canAhead = spawnSync('unshare', [...ahead.slice(1), 'true']).status === 0;
    skip(!canAhead, 'this machine does not allow time namespaces');
    await using daemon = await startDaemonProcess({ home, wrapper: ahead });
    const control = await openControlWire(daemon.controlSocket);
    const credentials = readCredentials(join(home, 'data/apps', appId, 'credentials.json'));
    const app = await openSession(daemon.appSocket, credentials);
    const { pending } = await show(control);
    expect(pending?.remainingMs).toBe(0);
    const other = { appId, diffDigest: `sha256:${'0'.repeat(64)}` };
    const wrong = await control.call('app.consent', other);
    expect(refusalOf(wrong)).toEqual(['Conflict', 'diff_changed']);
    const right = { appId, diffDigest: pending?.diffDigest };
    expect((await control.call('app.consent', right)).error).toBeUndefined();
    const told = await app.next(({ method }) => method === NOTICES.grantsChanged);
    expect(told.params?.['grants']).toContainEqual({
      capability: 'llm:generate',
      state: 'granted',
    });
    expect((await app.call('llm.chat', chat)).error).toBeUndefined();
    app.end();
    control.end();
  });

  test('attack 12: what is revoked while the app is connected is gone for the next call', async () => {
    await using daemon = await startDaemonProcess({ home });
    const control = await openControlWire(daemon.controlSocket);
    const credentials = readCredentials(join(home, 'data/apps', appId, 'credentials.json'));
    const app = await openSession(daemon.appSocket, credentials);
    expect((await app.call('collections.get', get)).result).toBeDefined();
    await control.call('app.revoke', { appId, capability: 'store:read' });
    expect((await app.call('collections.get', get)).error?.data).toMatchObject({
      reason: 'CapabilityDenied',
      details: { capability: 'store:read' },
    });
    await control.call('app.revoke', { appId });
    await app.closed();
    const again = await openWire(daemon.appSocket);
    expect((await authenticate(again, credentials)).error?.data.reason).toBe('Unauthenticated');
    control.end();
  });

  test('a record that was edited by one byte disables the app, and its owner is told', async () => {
    const path = join(home, 'data/apps', appId, 'app.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('Keeps notes', 'Keeps Notes'));
    await using daemon = await startDaemonProcess({ home });
    const control = await openControlWire(daemon.controlSocket);
    const { error } = await control.call('app.show', { appId });
    expect(error?.data).toMatchObject({
      reason: 'Conflict',
      details: { rule: 'record_damaged' },
    });
    expect(readFileSync(daemon.logFile, 'utf8')).toContain('app.recordDamaged');
    control.end();
  });
});
