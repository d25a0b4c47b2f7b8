import { afterAll, beforeAll, expect, test } from 'vitest';
import { openControlWire } from '../support/control-wire.ts';
import { type DaemonProcess, createHome, startDaemonProcess } from '../support/daemon-process.ts';
import { createSigningKey, manifest, writePackage } from '../support/install-sample.ts';
import { authenticate, openWire, readCredentials, type Wire } from '../support/raw-client.ts';
import { revocationList, writeList } from '../support/revocation-lists.ts';
import { createKeyPair } from '../support/signed-package.ts';

const ENDLESS =
  'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c';
const home = createHome();
const listKey = createKeyPair();
const appKey = createSigningKey();
const blockNotes = {
  reason: 'It sent notes to strangers.',
  advisory: 'https://acme.example/advisory/1',
  appId: 'acme/notes',
  versions: '<1.0.1',
};

let daemon: DaemonProcess;
let control: Wire;

beforeAll(async () => {
  await start();
  await control.call('trust.add', { name: 'Apps', publicKeyPem: appKey.publicPem });
  const { publicKeyPem } = listKey;
  await control.call('trust.add', { name: 'Lists', publicKeyPem, scope: 'revocation' });
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

async function start(): Promise<void> {
  daemon = await startDaemonProcess({ home });
  control = await openControlWire(daemon.controlSocket);
}

const importList = (...options: Parameters<typeof revocationList>) =>
  control.call('revocation.import', { path: writeList(revocationList(...options), listKey) });

async function install(changes: Record<string, unknown> = {}) {
  const content = manifest({ modalities: [], models: [], ...changes });
  const path = writePackage(content, appKey);
  const inspected = await control.call('app.inspect', { path });
  if (inspected.error !== undefined) return inspected;
  const { consentDigest } = inspected.result?.['summary'] as { consentDigest: string };
  return control.call('app.install', { path, consentDigest, acceptRisk: true });
}

test('attack 12: a hit ends the open session and its calls, tells the app why, and holds over a restart', async () => {
  const credentials = readCredentials((await install()).result?.['credentials'] as string);
  await install({ name: 'other' });
  const app = await openWire(daemon.appSocket);
  expect((await authenticate(app, credentials)).error).toBeUndefined();
  const running = app.call('db.query', { sql: ENDLESS });
  await app.call('session.info');

  const { result } = await importList(5, [blockNotes]);
  expect(result).toMatchObject({
    list: { seq: 5, entries: 1, isExpired: false },
    blocked: [{ appId: 'acme/notes', version: '1.0.0', block: { seq: 5 } }],
  });
  expect((await running).error?.data.reason).toBe('CapabilityDenied');
  await app.closed();
  const notices = app.received.filter(({ id, method }) => id === undefined && method !== undefined);
  expect(notices.map(({ method }) => method)).toEqual(['grants.changed', 'session.ended']);
  const { grants } = notices[0]?.params as { grants: { state: string }[] };
  expect(new Set(grants.map(({ state }) => state))).toEqual(new Set(['revoked']));
  expect(notices[1]?.params).toEqual({
    reason: 'blocked',
    message: 'This app is blocked: It sent notes to strangers. See https://acme.example/advisory/1',
    advisory: 'https://acme.example/advisory/1',
  });

  await daemon.stop();
  await start();
  const again = await openWire(daemon.appSocket);
  expect((await authenticate(again, credentials)).error?.data.reason).toBe('Unauthenticated');
  const { result: shown } = await control.call('app.show', { appId: 'acme/notes' });
  expect(shown).toMatchObject({
    app: { blocked: { reason: blockNotes.reason, advisory: blockNotes.advisory, seq: 5 } },
  });
  expect((await importList(4)).error?.data.details).toEqual({ rule: 'stale_list' });
});

test('a blocked version is not installed, the mended one is', async () => {
  const { error } = await install();
  expect(error?.data).toMatchObject({
    reason: 'CapabilityDenied',
    details: { rule: 'blocked', reason: blockNotes.reason, advisory: blockNotes.advisory },
  });
  expect((await install({ version: '1.0.1' })).result).toMatchObject({ version: '1.0.1' });
});

test('with an expired list nothing new is installed, and what runs goes on', async () => {
  const soon = new Date(Date.now() + 4000).toISOString();
  const issuedAt = new Date(0).toISOString();
  await importList(6, [], { issuedAt, expires: soon });
  const credentials = readCredentials(`${home}/data/apps/acme/other/credentials.json`);
  const app = await openWire(daemon.appSocket);
  await authenticate(app, credentials);
  await expect
    .poll(async () => (await control.call('revocation.show')).result)
    .toMatchObject({ list: { isExpired: true } });
  expect((await install({ name: 'third' })).error?.data.details).toEqual({
    rule: 'revocations_stale',
  });
  expect((await app.call('session.info')).result).toMatchObject({ app: { id: 'acme/other' } });
  expect((await importList(7)).result).toMatchObject({ list: { seq: 7 } });
  expect((await install({ name: 'third' })).result).toMatchObject({ appId: 'acme/third' });
  app.end();
});
