import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openControlWire } from '../support/control-wire.ts';
import { createHome, type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { createSigningKey, manifest, writePackage } from '../support/install-sample.ts';
import { descendantsOf, isRunning } from '../support/process-tree.ts';
import { authenticate, openWire, readCredentials, type Wire } from '../support/raw-client.ts';
import { revocationList, writeList } from '../support/revocation-lists.ts';
import { createKeyPair } from '../support/signed-package.ts';

const APP = 'acme/notes';
const home = createHome();
const appKey = createSigningKey();
const listKey = createKeyPair();

let daemon: DaemonProcess;
let control: Wire;
let version = 0;
let seq = 0;

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

async function install(changes: Record<string, unknown> = {}) {
  version += 1;
  const path = writePackage(
    manifest({ version: `1.${version}.0`, modalities: [], models: [], ...changes }),
    appKey,
  );
  const inspected = await control.call('app.inspect', { path });
  const summary = inspected.result?.['summary'] as { consentDigest: string } | undefined;
  if (summary === undefined) return inspected;
  const { consentDigest } = summary;
  return control.call('app.install', { path, consentDigest, acceptRisk: true });
}

const OPERATIONS = {
  install: () => install(),
  widen: () => install({ capabilities: { optional: ['store:sql'] } }),
  consent: () => control.call('app.consent', { appId: APP, capability: 'store:sql' }),
  revokeOne: () => control.call('app.revoke', { appId: APP, capability: 'store:sql' }),
  revoke: () => control.call('app.revoke', { appId: APP }),
  uninstall: () => control.call('app.uninstall', { appId: APP, wipe: false }),
  wipe: () => control.call('app.uninstall', { appId: APP, wipe: true }),
  trust: () =>
    control.call('trust.add', {
      name: `Key ${randomUUID()}`,
      publicKeyPem: createSigningKey().publicPem,
    }),
  block: () => importList([{ reason: 'It sent notes.', appId: APP, versions: '*' }]),
  unblock: () => importList([]),
  run: () =>
    control.call('app.run', { appId: APP, command: ['sleep', '0.3'], searchPath: '/usr/bin:/bin' }),
  list: () => control.call('app.list', {}),
};
type Operation = keyof typeof OPERATIONS;

function importList(entries: readonly Record<string, unknown>[]) {
  seq += 1;
  const path = writeList(revocationList(seq, entries), listKey);
  return control.call('revocation.import', { path });
}

const names = Object.keys(OPERATIONS) as Operation[];
const someOperations = fc.array(fc.constantFrom(...names), { minLength: 4, maxLength: 10 });

/** What must hold of a home, whatever happened to it. */
async function expectSound(): Promise<void> {
  expect((await control.call('audit.verify', {})).result).toMatchObject({ ok: true });
  const { result } = await control.call('app.list', {});
  expect(result?.['damaged']).toBeUndefined();
  const isInstalled = (result?.['apps'] as unknown[]).length === 1;
  const files = readdirSync(join(home, 'data'), { recursive: true, encoding: 'utf8' });
  expect(files.filter((name) => /\.(?:tmp|new)$/.test(name))).toEqual([]);
  expect(files.includes(`apps/${APP}/credentials.json`)).toBe(isInstalled);
  const isOwned = isInstalled || files.includes(`apps/${APP}/former.json`);
  expect(isOwned || !files.includes(`keys/stores/${APP}.json`)).toBe(true);
}

test('decisions about one app, all at once, are each answered and leave a sound home', async () => {
  await fc.assert(
    fc.asyncProperty(someOperations, async (chosen) => {
      for (const name of ['wipe', 'unblock', 'widen'] as const) await OPERATIONS[name]();
      const answers = await Promise.all(chosen.map((name) => OPERATIONS[name]()));
      for (const { result, error } of answers) {
        expect(result ?? error?.data.reason).toBeDefined();
        expect(['InternalError', 'InvalidParams']).not.toContain(error?.data.reason);
      }
      await expectSound();
    }),
    { numRuns: 12 },
  );
});

test('what every app may do is the same after a restart', async () => {
  await OPERATIONS.wipe();
  await OPERATIONS.unblock();
  await OPERATIONS.widen();
  await Promise.all([OPERATIONS.consent(), OPERATIONS.revokeOne(), OPERATIONS.consent()]);
  const { result: before } = await control.call('app.list', {});
  await daemon.stop();
  await start();
  expect((await control.call('app.list', {})).result).toEqual(before);
});

test('kill -9 in the middle of decisions leaves a sound home, and no process', async () => {
  await fc.assert(
    fc.asyncProperty(someOperations, fc.integer({ min: 0, max: 400 }), async (chosen, killMs) => {
      for (const name of ['wipe', 'unblock', 'widen'] as const) await OPERATIONS[name]();
      const asked = chosen.map((name) => OPERATIONS[name]());
      // A moment of its own choosing is the point here.
      await new Promise((resolve) => setTimeout(resolve, killMs));
      const children = descendantsOf(daemon.pid);
      daemon.child.kill('SIGKILL');
      await once(daemon.child, 'exit');
      await Promise.all(asked);
      await expect.poll(() => children.filter(({ pid }) => isRunning(pid))).toEqual([]);
      await start();
      await expectSoundAfterCrash();
    }),
    { numRuns: 5 },
  );
});

/** A removal that was cut off has taken the credentials already; whoever has some gets in. */
async function expectSoundAfterCrash(): Promise<void> {
  expect((await control.call('audit.verify', {})).result).toMatchObject({ ok: true });
  const path = join(home, `data/apps/${APP}/credentials.json`);
  await OPERATIONS.wipe();
  await OPERATIONS.unblock();
  expect((await OPERATIONS.install()).error).toBeUndefined();
  const app = await openWire(daemon.appSocket);
  expect((await authenticate(app, readCredentials(path))).error).toBeUndefined();
  app.end();
  await expectSound();
}
