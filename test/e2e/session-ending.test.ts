import { EventEmitter, once } from 'node:events';
import { type Client, createClient, type EventMap } from '@locara/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openControlWire } from '../support/control-wire.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { createSigningKey, manifest, writePackage } from '../support/install-sample.ts';
import type { Wire } from '../support/raw-client.ts';

const appId = 'acme/notes';
const key = createSigningKey();

let daemon: DaemonProcess;
let control: Wire;
let client: Client;
let endings: EventEmitter;

beforeEach(async () => {
  daemon = await startDaemonProcess();
  // Opened before this process holds a session: afterwards it is an app and is refused.
  control = await openControlWire(daemon.controlSocket);
  await control.call('trust.add', { name: 'Acme', publicKeyPem: key.publicPem });
  const { result } = await control.call('app.install', await consentTo('1.0.0'));
  const credentials = String(result?.['credentials']);
  client = createClient({ credentials });
  endings = new EventEmitter();
  client.on('session.ended', (ending) => endings.emit('ended', ending));
  await client.connect();
});

afterEach(async () => {
  await client.close();
  control.end();
  await daemon[Symbol.asyncDispose]();
});

/** The params of an install of this version. */
async function consentTo(version: string) {
  const path = writePackage(manifest({ version }), key);
  const { result } = await control.call('app.inspect', { path });
  const { consentDigest } = result?.['summary'] as { consentDigest: string };
  return { path, consentDigest, acceptRisk: true };
}

/** The notice, and what a call in flight ended with. */
async function endBy(method: string, params: object) {
  const running = client.llm.complete({ prompt: 'Once', maxTokens: 1000, temperature: 1.5 }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const ended = once(endings, 'ended') as Promise<[EventMap['session.ended']]>;
  await control.call(method, params);
  return { ending: (await ended)[0], error: await running };
}

test('a revoked app is told so, by a notice and by its calls, and where its user can look', async () => {
  const { ending, error } = await endBy('app.revoke', { appId });
  expect(ending).toEqual({
    reason: 'revoked',
    message: 'The user revoked the app: it may no longer connect.',
  });
  expect(error).toBeInstanceOf(Error);
  await expect(client.session.info()).rejects.toMatchObject({
    reason: 'Unauthenticated',
    message: expect.stringContaining('locara app show acme/notes') as string,
    errorId: expect.any(String) as string,
  });
});

test('an app that is uninstalled is told so', async () => {
  const { ending } = await endBy('app.uninstall', { appId, wipe: false });
  expect(ending).toEqual({ reason: 'uninstalled', message: 'The app was uninstalled.' });
});

test('an app that is updated is told so, and its next call opens a session with the new credentials', async () => {
  const { ending } = await endBy('app.install', await consentTo('1.1.0'));
  expect(ending.reason).toBe('replaced');
  const { app } = await client.session.info();
  expect(app).toMatchObject({ id: appId, version: '1.1.0' });
});
