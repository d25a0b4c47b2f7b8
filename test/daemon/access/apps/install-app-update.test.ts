import { beforeEach, expect, test } from 'vitest';
import type { RightsChange } from '@locara/protocol';
import type {
  AppFiles,
  AppRecord,
  AppRegistry,
} from '../../../../daemon/access/apps/app-registry.ts';
import { revokeAccess } from '../../../../daemon/access/rights/grants.ts';
import { createAppInstaller } from '../../../../daemon/access/apps/install-app.ts';
import {
  createInstallBench,
  type InstallBench,
  key,
  other,
  PIN,
  readCredentials,
} from '../../../support/install-bench.ts';
import { createPackage, ruleOf } from '../../../support/signed-package.ts';

let bench: InstallBench;
beforeEach(async () => {
  bench = await createInstallBench();
});

test('keeps the install key and what the user took back', async () => {
  const first = await bench.install();
  const before = readCredentials(first).installKey;
  await revokeAccess(bench.grants, 'acme/notes', 'store:write');
  const updated = await bench.install({ version: '1.1.0' });
  expect(updated.grants).toEqual([
    { capability: 'store:read', state: 'granted' },
    { capability: 'store:write', state: 'revoked' },
  ]);
  expect(readCredentials(updated)).toMatchObject({
    installKey: before,
    manifestDigest: updated.manifestDigest,
  });
});

test('one that asks for no more goes straight through: its risks were accepted before', async () => {
  await bench.install({ storage: { sql: true } });
  const path = createPackage(key, { version: '1.1.0' });
  const { risks, update, consentDigest } = await bench.installer.inspect(path);
  expect({ risks, isExpansion: update?.isExpansion }).toEqual({ risks: [], isExpansion: false });
  const { record } = await bench.installer.install({ path, consentDigest, acceptRisk: false });
  expect(record.manifest.version).toBe('1.1.0');
});

test('one that asks for no more is risky all the same when the app is no longer installed', async () => {
  await bench.install();
  await bench.registry.remove('acme/notes');
  const { risks } = await bench.installer.inspect(createPackage(key, { version: '1.1.0' }));
  expect(risks).not.toEqual([]);
});

test('what it adds waits for the user; what it drops is gone', async () => {
  await bench.install({ storage: { sql: true } });
  const next = {
    version: '2.0.0',
    modalities: ['text-to-text'],
    models: [PIN],
    capabilities: { fs: { 'app-data': 'read' } },
  };
  const { update, risks } = await bench.inspect(next);
  expect(update).toMatchObject({ fromVersion: '1.0.0', isExpansion: true });
  const changed = (changes: readonly RightsChange[] = []) =>
    changes.flatMap(({ capability }) => capability ?? []);
  expect(changed(update?.diff.added)).toEqual(['llm:generate']);
  expect(changed(update?.diff.removed)).toEqual(['store:sql', 'store:write']);
  expect(risks.join()).toContain('asks for more than before');
  const { grants } = await bench.install(next);
  expect(grants).toEqual([
    { capability: 'llm:generate', state: 'pending' },
    { capability: 'store:read', state: 'granted' },
  ]);
});

test('a capability that stops being optional stays pending', async () => {
  const shape = { modalities: ['text-to-text'], models: [PIN] };
  await bench.install({ ...shape, capabilities: { optional: ['llm:generate'] } });
  const { grants } = await bench.install({ ...shape, version: '1.1.0' });
  expect(grants[0]).toEqual({ capability: 'llm:generate', state: 'pending' });
});

test('a capability dropped and added again waits for the user', async () => {
  await bench.install({ storage: { sql: true } });
  await bench.install({ version: '1.1.0' });
  const { grants } = await bench.install({ version: '1.2.0', storage: { sql: true } });
  expect(grants).toContainEqual({ capability: 'store:sql', state: 'pending' });
});

test.each(['0.9.9', '1.0.0-rc.1'])('a downgrade to %s is refused', async (version) => {
  await bench.install();
  expect(await ruleOf(() => bench.install({ version }))).toBe('Conflict downgrade');
});

test.each([{ description: 'Other.' }, { version: '1.0.0+build.2' }])(
  'another manifest of the same version (%j) is refused',
  async (overrides) => {
    await bench.install();
    expect(await ruleOf(() => bench.install(overrides))).toBe('Conflict same_version');
  },
);

test('another trusted signer is refused', async () => {
  await bench.install();
  expect(await ruleOf(() => bench.install({ version: '2.0.0' }, other))).toBe(
    'Unauthenticated signer_changed',
  );
});

test('a revoked app needs a new consent, and gets no capability back that was revoked alone', async () => {
  await bench.install();
  await revokeAccess(bench.grants, 'acme/notes', 'store:write');
  await revokeAccess(bench.grants, 'acme/notes');
  const { risks } = await bench.installer.inspect(createPackage(key));
  expect(risks.join()).toContain('You revoked this app');
  const { grants } = await bench.install();
  expect(grants).toEqual([
    { capability: 'store:read', state: 'granted' },
    { capability: 'store:write', state: 'revoked' },
  ]);
});

test('what is revoked while an update is examined stays revoked', async () => {
  await bench.install();
  const path = createPackage(key, { version: '1.1.0', models: [PIN] });
  const { consentDigest } = await bench.installer.inspect(path);
  const installer = createAppInstaller({
    ...bench.parts,
    findModel: async () => {
      await revokeAccess(bench.grants, 'acme/notes', 'store:write');
      return { bytes: 1185376, installed: true };
    },
  });
  await installer.install({ path, consentDigest, acceptRisk: true });
  expect(bench.registry.find('acme/notes')?.grants).toMatchObject([
    { state: 'granted' },
    { capability: 'store:write', state: 'revoked' },
  ]);
});

test('what is revoked while an update is written stays revoked, and the update is not made', async () => {
  const { registry } = bench;
  await bench.install();
  const racing = {
    find: (appId: string) => registry.find(appId),
    findFormer: (appId: string) => registry.findFormer(appId),
    isDamaged: (appId: string) => registry.isDamaged(appId),
    put: async (record: AppRecord, files: AppFiles) => {
      await revokeAccess(bench.grants, 'acme/notes', 'store:write');
      await registry.put(record, files);
    },
  } as AppRegistry;
  const installer = createAppInstaller({ ...bench.parts, registry: racing });
  const path = createPackage(key, { version: '1.1.0' });
  const { consentDigest } = await installer.inspect(path);
  const rule = await ruleOf(() => installer.install({ path, consentDigest, acceptRisk: true }));
  expect(rule).toBe('Conflict app_changed');
  expect(registry.find('acme/notes')).toMatchObject({
    manifest: { version: '1.0.0' },
    grants: [{ state: 'granted' }, { capability: 'store:write', state: 'revoked' }],
  });
});
