import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { controlMethods, MANIFEST_FILE } from '@locara/protocol';
import type { AppRegistry } from '../../../../daemon/access/apps/app-registry.ts';
import { createAppHandlers } from '../../../../daemon/handlers/control/app.ts';
import { createTrustHandlers } from '../../../../daemon/handlers/control/trust.ts';
import type { Log, LogFields } from '../../../../daemon/log.ts';
import type { Paths } from '../../../../daemon/paths.ts';
import type { ControlHandlers } from '../../../../daemon/rpc/control-handler.ts';
import { createMemoryQuotas } from '../../../fakes/memory-quotas.ts';
import { createInstallBench } from '../../../support/install-bench.ts';
import { createKeyPair, createPackage, rejectionOf } from '../../../support/signed-package.ts';

const key = createKeyPair();
const call = { signal: new AbortController().signal };
const appId = 'acme/notes';

let paths: Paths;
let registry: AppRegistry;
let events: string[];
let logged: { event: string; fields: LogFields }[];
let wipe: () => Promise<void>;
let app: ReturnType<typeof createAppHandlers>;
let trust: ControlHandlers<'trust'>;

beforeEach(async () => {
  const bench = await createInstallBench({ isTrusting: false });
  ({ paths, registry } = bench);
  const { trustList, installer, expansions, audit } = bench;
  const { blocks } = bench.parts;
  events = [];
  wipe = () => Promise.resolve();
  const wipeData = async (id: string): Promise<void> => {
    events.push(`wipe ${id}`);
    await wipe();
  };
  logged = [];
  const log: Pick<Log, 'info'> = {
    info: (event, fields = {}) => void logged.push({ event, fields }),
  };
  app = createAppHandlers({
    registry,
    installer,
    expansions,
    blocks,
    explain: () => {
      throw new Error('explained by tests of its own');
    },
    usageOf: () => new Map(),
    quotasOf: (record) => createMemoryQuotas().usageOf(record),
    wipeData,
    log,
    audit,
  });
  trust = createTrustHandlers({ trustList, log, audit });
  registry.onChange((id, record) =>
    events.push(`${record === undefined ? 'gone' : 'changed'} ${id}`),
  );
  const added = { name: 'Ada', publicKeyPem: key.publicKeyPem, scope: 'sideloading' } as const;
  await trust['trust.add'](added, call);
});

async function install(): Promise<void> {
  const path = createPackage(key, {
    storage: { sql: true },
    capabilities: { optional: ['store:sql'] },
  });
  const { summary } = await app['app.inspect']({ path }, call);
  const { consentDigest } = summary;
  await app['app.install']({ path, consentDigest, acceptRisk: true }, call);
  events.length = 0;
}

test('answers fit the schemas of the control table', async () => {
  await install();
  const { apps } = controlMethods['app.list'].result.parse(await app['app.list']({}, call));
  expect(apps).toHaveLength(1);
  const shown = controlMethods['app.show'].result.parse(await app['app.show']({ appId }, call));
  expect(shown.app).toEqual(apps[0]);
  expect(shown.app).toMatchObject({ appId, version: '1.0.0', signer: 'key you trust “Ada”' });
  const { keys } = controlMethods['trust.list'].result.parse(await trust['trust.list']({}, call));
  expect(keys.map(({ name }) => name)).toEqual(['Ada']);
  const { removed } = await trust['trust.remove']({ key: 'Ada' }, call);
  expect(removed.name).toBe('Ada');
});

test('an app of which a file was changed is shown as such, alone and in the list', async () => {
  await install();
  expect((await app['app.show']({ appId }, call)).app.isIntact).toBe(true);
  appendFileSync(join(paths.app(appId), MANIFEST_FILE), ' ');
  expect((await app['app.show']({ appId }, call)).app.isIntact).toBe(false);
  expect((await app['app.list']({}, call)).apps).toMatchObject([{ appId, isIntact: false }]);
});

test('consent grants what the manifest declares as optional, and announces it', async () => {
  await install();
  const { grants } = await app['app.consent']({ appId, capability: 'store:sql' }, call);
  expect(grants).toContainEqual({ capability: 'store:sql', state: 'granted' });
  expect(events).toEqual(['changed acme/notes']);
});

test('consent cannot go beyond the manifest, an unknown capability, or a revoked app', async () => {
  await install();
  const consent = (capability: string) => () => app['app.consent']({ appId, capability }, call);
  const undeclared = await rejectionOf(consent('llm:generate'));
  expect(undeclared.reason).toBe('CapabilityDenied');
  expect(undeclared.details).toEqual({
    capability: 'llm:generate',
    manifestPath: 'modalities: ["text-to-text"]',
  });
  expect((await rejectionOf(consent('__proto__'))).reason).toBe('InvalidParams');
  await app['app.revoke']({ appId }, call);
  expect((await rejectionOf(consent('store:sql'))).reason).toBe('Conflict');
});

test('revoking takes back one capability, refuses a pending one, or ends the whole app', async () => {
  await install();
  const one = await app['app.revoke']({ appId, capability: 'store:write' }, call);
  expect(one.revoked).toBe(false);
  const two = await app['app.revoke']({ appId, capability: 'store:sql' }, call);
  expect(two.grants).toEqual([
    { capability: 'store:read', state: 'granted' },
    { capability: 'store:sql', state: 'denied' },
    { capability: 'store:write', state: 'revoked' },
  ]);
  const all = await app['app.revoke']({ appId }, call);
  expect(all.revoked).toBe(true);
  expect(all.grants.every(({ state }) => state === 'revoked')).toBe(true);
});

test('uninstalling ends the sessions first and keeps the data unless asked', async () => {
  await install();
  expect(await app['app.uninstall']({ appId, wipe: false }, call)).toEqual({ appId, wiped: false });
  expect(events).toEqual(['gone acme/notes']);
  expect((await rejectionOf(() => app['app.show']({ appId }, call))).reason).toBe('NotFound');
});

test('wiping destroys the data and leaves no folder', async () => {
  await install();
  await app['app.uninstall']({ appId, wipe: true }, call);
  expect(events).toEqual(['gone acme/notes', 'wipe acme/notes']);
  expect(existsSync(paths.app(appId))).toBe(false);
});

test('an app that is installed again during its wipe comes after it, so that no new data goes', async () => {
  await install();
  const path = createPackage(key, { version: '2.0.0' });
  const { summary } = await app['app.inspect']({ path }, call);
  const { consentDigest } = summary;
  const isWiping = Promise.withResolvers<undefined>();
  const mayGo = Promise.withResolvers<undefined>();
  wipe = async () => {
    isWiping.resolve(undefined);
    await mayGo.promise;
    events.push('wiped');
  };
  const wiping = app['app.uninstall']({ appId, wipe: true }, call);
  await isWiping.promise;
  const installing = app['app.install']({ path, consentDigest, acceptRisk: true }, call);
  // Takes as long as an installation does.
  for (let count = 0; count < 3; count += 1) await app['app.inspect']({ path }, call);
  expect(registry.find(appId)).toBeUndefined();
  mayGo.resolve(undefined);
  await wiping;
  await Promise.allSettled([installing]);
  expect(events.slice(0, 3)).toEqual(['gone acme/notes', 'wipe acme/notes', 'wiped']);
});

test('a wipe that failed, or comes after the uninstall, can be done again', async () => {
  await install();
  wipe = () => Promise.reject(new Error('disk'));
  await expect(async () => app['app.uninstall']({ appId, wipe: true }, call)).rejects.toThrow(
    'disk',
  );
  wipe = () => Promise.resolve();
  expect(await app['app.uninstall']({ appId, wipe: true }, call)).toEqual({ appId, wiped: true });
  const again = await rejectionOf(() => app['app.uninstall']({ appId, wipe: true }, call));
  expect(again.reason).toBe('NotFound');
});

test.each(['__proto__', '../acme', 'Acme/notes', 'аcme/notes', 'acme/none'])(
  'every method answers NotFound for the id %j and wipes nothing',
  async (id) => {
    await install();
    for (const run of [
      () => app['app.show']({ appId: id }, call),
      () => app['app.consent']({ appId: id, capability: 'store:sql' }, call),
      () => app['app.revoke']({ appId: id }, call),
      () => app['app.revoke']({ appId: id, capability: 'store:sql' }, call),
      () => app['app.uninstall']({ appId: id, wipe: true }, call),
    ]) {
      expect((await rejectionOf(run)).reason).toBe('NotFound');
    }
    expect(events).toEqual([]);
  },
);

test('every change of rights leaves a line in the log, and a refused one none', async () => {
  await install();
  await app['app.consent']({ appId, capability: 'store:sql' }, call);
  await rejectionOf(() => app['app.consent']({ appId, capability: 'llm:generate' }, call));
  await app['app.revoke']({ appId, capability: 'store:write' }, call);
  await app['app.revoke']({ appId }, call);
  await app['app.uninstall']({ appId, wipe: true }, call);
  await trust['trust.remove']({ key: 'Ada' }, call);
  const { fields: trusted } = logged[0] ?? {};
  expect(logged).toEqual([
    { event: 'trust.added', fields: { signerId: trusted?.signerId, kind: 'sideloading' } },
    {
      event: 'app.installed',
      fields: {
        appId,
        version: '1.0.0',
        digest: expect.stringMatching(/^sha256:/) as string,
        attestation: 'install-key',
        signerId: trusted?.signerId,
      },
    },
    { event: 'app.consented', fields: { appId, capability: 'store:sql' } },
    { event: 'app.revoked', fields: { appId, capability: 'store:write' } },
    { event: 'app.revoked', fields: { appId, capability: undefined } },
    { event: 'app.uninstalled', fields: { appId } },
    { event: 'app.wiped', fields: { appId } },
    { event: 'trust.removed', fields: { signerId: trusted?.signerId, kind: 'sideloading' } },
  ]);
});
