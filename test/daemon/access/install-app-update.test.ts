import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { digestOf } from '../../../daemon/access/app-record-file.ts';
import { createAppInstaller } from '../../../daemon/access/install-app.ts';
import {
  createInstallBench,
  daemonPublicKey,
  type InstallBench,
  key,
  other,
  PIN,
  readCredentials,
} from '../../support/install-bench.ts';
import { createPackage, ruleOf } from '../../support/signed-package.ts';

let bench: InstallBench;
beforeEach(async () => {
  bench = await createInstallBench();
});

test('keeps the install key and earlier denials', async () => {
  const first = await bench.install();
  const before = readCredentials(first).installKey;
  await bench.registry.setGrant('acme/notes', 'store:write', 'denied');
  const updated = await bench.install({ version: '1.1.0' });
  expect(updated.grants).toEqual([
    { capability: 'store:read', state: 'granted' },
    { capability: 'store:write', state: 'denied' },
  ]);
  expect(readCredentials(updated)).toMatchObject({
    installKey: before,
    manifestDigest: updated.manifestDigest,
  });
});

test('what it adds waits for the user; what it drops is gone', async () => {
  await bench.install({ storage: { sql: true } });
  const path = createPackage(key, {
    version: '2.0.0',
    modalities: ['text-to-text'],
    models: [PIN],
    capabilities: { fs: { 'app-data': 'read' } },
  });
  const { update, risks, manifestDigest } = await bench.installer.inspect(path);
  expect(update).toEqual({
    fromVersion: '1.0.0',
    added: ['llm:generate'],
    removed: ['store:sql', 'store:write'],
  });
  expect(risks.join()).toContain('asks for more than before: llm:generate');
  const { grants } = await bench.installer.install({ path, manifestDigest, acceptRisk: true });
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
  await bench.registry.setGrant('acme/notes', 'store:write', 'revoked');
  await bench.registry.revoke('acme/notes');
  const { risks } = await bench.installer.inspect(createPackage(key));
  expect(risks.join()).toContain('You revoked this app');
  const { grants } = await bench.install();
  expect(grants).toEqual([
    { capability: 'store:read', state: 'granted' },
    { capability: 'store:write', state: 'revoked' },
  ]);
});

test('what is revoked while an update is examined stays revoked', async () => {
  const { paths, registry, trustList } = bench;
  await bench.install();
  const installer = createAppInstaller({
    registry,
    trustList,
    paths,
    daemonPublicKey,
    findModel: async () => {
      await registry.setGrant('acme/notes', 'store:write', 'revoked');
      return { bytes: 1, installed: true };
    },
  });
  const path = createPackage(key, { version: '1.1.0', models: [PIN] });
  const manifestDigest = digestOf(readFileSync(join(path, 'locara.json')));
  const rule = await ruleOf(() => installer.install({ path, manifestDigest, acceptRisk: true }));
  expect(rule).toBe('Conflict app_changed');
  expect(registry.find('acme/notes')).toMatchObject({
    manifest: { version: '1.0.0' },
    grants: [{ state: 'granted' }, { capability: 'store:write', state: 'revoked' }],
  });
});
