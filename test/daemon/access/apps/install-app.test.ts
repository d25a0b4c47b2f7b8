import { createPublicKey, createPrivateKey } from 'node:crypto';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Badge, Rights } from '@locara/protocol';
import { createBundle } from '../../../../clients/cli/sign-package.ts';
import { createAppRegistry } from '../../../../daemon/access/apps/create-app-registry.ts';
import { createAppInstaller } from '../../../../daemon/access/apps/install-app.ts';
import {
  createInstallBench,
  daemonPublicKey,
  type InstallBench,
  key,
  other,
  PIN,
  readCredentials,
} from '../../../support/install-bench.ts';
import {
  createManifest,
  createPackage,
  rejectionOf,
  ruleOf,
} from '../../../support/signed-package.ts';

let bench: InstallBench;
beforeEach(async () => {
  bench = await createInstallBench();
});

describe('inspecting', () => {
  test('says who signed what, what it may do in sentences, and changes nothing', async () => {
    const path = createPackage(key, {
      modalities: ['text-to-text'],
      models: [PIN],
      capabilities: { fs: { 'app-data': 'read' }, optional: ['llm:generate'] },
    });
    expect(await bench.installer.inspect(path)).toEqual({
      appId: 'acme/notes',
      version: '1.0.0',
      displayName: 'Notes',
      description: 'Keeps notes.',
      author: 'Ada <ada@example.org>',
      license: 'Apache-2.0',
      manifestDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      consentDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      signer: {
        id: expect.stringMatching(/^key:/) as string,
        words: 'key you trust “Ada”',
        scope: 'sideloading',
      },
      attestation: 'install-key',
      badges: ['fully-local', 'no-telemetry', 'open-source', 'sideloaded'].map(
        (id) => expect.objectContaining({ id }) as Badge,
      ),
      grants: [
        {
          capability: 'llm:generate',
          sentence: 'Write text with a language model on this computer.',
          declaredBy: 'modalities: ["text-to-text"]',
          optional: true,
        },
        {
          capability: 'store:read',
          sentence: 'Read its own encrypted data.',
          declaredBy: 'capabilities.fs.app-data: "read"',
          optional: false,
        },
      ],
      models: [{ model: PIN, bytes: 1185376, installed: true }],
      rights: expect.objectContaining({ models: [PIN], hosts: [] }) as Rights,
      risks: [
        expect.stringContaining('outside any registry') as string,
        expect.stringContaining('Locara does not enforce it') as string,
      ],
    });
    expect(await bench.registry.list()).toEqual([]);
  });

  test('the limits that an app sets itself are told', async () => {
    const limits = { concurrent_calls: 2, tokens_per_day: 1000 };
    const summary = await bench.installer.inspect(createPackage(other, { limits }));
    expect(summary.limits).toEqual(limits);
  });

  test('a package by a development key is always of attestation development', async () => {
    const summary = await bench.installer.inspect(createPackage(other));
    expect(summary).toMatchObject({
      attestation: 'development',
      signer: { words: 'development key “dev”', scope: 'development' },
    });
    expect(summary.badges.at(-1)?.id).toBe('development');
    expect(summary.risks[0]).toContain('signed for development');
  });

  test.each([
    [{ capabilities: { net: true } }, 'every host'],
    [{ capabilities: { net: { allowed_hosts: ['api.example.org'] } } }, 'hosts: api.example.org.'],
    [
      {
        capabilities: { net: { allowed_hosts: ['*.a.org', 'b.org'], allowed_ports: [443, 8443] } },
      },
      'hosts: *.a.org, b.org (ports 443, 8443).',
    ],
    [
      { capabilities: { fs: { 'user-paths': { documents: 'read-write' } } } },
      'read and change the files in “documents”',
    ],
    [{ capabilities: { fs: { 'user-selected': 'read-write' } } }, 'change the files you pick'],
    [{ capabilities: { device: { microphone: true, camera: false } } }, 'asks to use: microphone.'],
    [
      { capabilities: { ipc: [{ app: 'acme/other', collection: 'people', access: 'read' }] } },
      'shares data with other apps: “people” with acme/other',
    ],
    [{ capabilities: { background: true } }, 'work in the background.'],
    [{ capabilities: { background: { mode: 'active' } } }, 'work in the background.'],
    [
      { capabilities: { background: { mode: 'passive', reasons: ['waits for mail'] } } },
      'stay in the background, waiting. It says why: “waits for mail”.',
    ],
  ])('%j is a risk of its own', async (overrides, words) => {
    const { risks } = await bench.installer.inspect(createPackage(key, overrides));
    expect(risks).toHaveLength(3);
    expect(risks[2]).toContain(words);
  });

  test('is Busy when hundreds of packages wait, and loses none of those that do', async () => {
    const path = createPackage(key);
    const asked = Array.from({ length: 300 }, () => bench.installer.inspect(path));
    const settled = await Promise.allSettled(asked);
    const refusals = settled.filter((one) => one.status === 'rejected');
    expect(refusals.length).toBeGreaterThan(200);
    expect(settled.length - refusals.length).toBeGreaterThanOrEqual(64);
    for (const { reason } of refusals) expect(reason).toMatchObject({ reason: 'Busy' });
  });

  test('reads the words of the app as a quotation that they cannot end', async () => {
    const reasons = ['mail”. Locara checked this app: it is safe. “'];
    const overrides = { capabilities: { background: { mode: 'active', reasons } } };
    const { risks } = await bench.installer.inspect(createPackage(key, overrides));
    expect(risks[2]).toBe(
      "It asks to work in the background. It says why: “mail'. Locara checked this app: it is safe. '”.",
    );
  });

  test('refuses a forged package before it looks into the manifest', async () => {
    const path = createPackage(key);
    writeFileSync(join(path, 'locara.json'), '{"not": "even valid"');
    expect(await ruleOf(() => bench.installer.inspect(path))).toBe(
      'Unauthenticated digest_mismatch',
    );
  });

  test('an invalid manifest that is signed names where it breaks which rule', async () => {
    const error = await rejectionOf(() =>
      bench.installer.inspect(createPackage(key, { surprise: 'hunter2' })),
    );
    expect(error.toWire()).toMatchObject({
      data: {
        reason: 'InvalidParams',
        details: { rule: 'manifest', issues: [{ path: 'surprise', rule: 'no key of locara/v1' }] },
      },
    });
    expect(JSON.stringify(error.toWire())).not.toContain('hunter2');
  });

  test('a model that the catalog does not have under that digest is refused', async () => {
    const wrong = `stories-260k@sha256:${'b'.repeat(64)}`;
    const path = createPackage(key, { modalities: ['text-to-text'], models: [PIN, wrong] });
    const error = await rejectionOf(() => bench.installer.inspect(path));
    expect(error.reason).toBe('InvalidParams');
    expect(error.details).toEqual({
      rule: 'unknown_model',
      issues: [{ path: 'models[1]', rule: 'in the catalog' }],
    });
  });
});

describe('installing', () => {
  test('writes a record and credentials that only the owner can read', async () => {
    const installed = await bench.install({
      modalities: ['text-to-embedding'],
      models: [PIN],
      capabilities: { optional: ['embed:create'] },
    });
    expect(installed).toMatchObject({
      appId: 'acme/notes',
      version: '1.0.0',
      attestation: 'install-key',
      credentials: join(bench.paths.data, 'apps/acme/notes/credentials.json'),
      grants: [
        { capability: 'embed:create', state: 'pending' },
        { capability: 'store:read', state: 'granted' },
        { capability: 'store:write', state: 'granted' },
      ],
    });
    expect(statSync(installed.credentials).mode & 0o777).toBe(0o600);
    const credentials = readCredentials(installed);
    expect(credentials).toEqual({
      appId: 'acme/notes',
      manifestDigest: installed.manifestDigest,
      installKey: expect.stringContaining('BEGIN PRIVATE KEY') as string,
      daemonPublicKey: daemonPublicKey.toString('base64'),
      socket: bench.paths.appSocket,
    });
    const installKey = createPrivateKey(credentials.installKey);
    expect(installKey.asymmetricKeyType).toBe('ed25519');
    const { x } = createPublicKey(installKey).export({ format: 'jwk' });
    expect(
      Buffer.from(bench.registry.find('acme/notes')?.installPublicKey ?? []).toString('base64url'),
    ).toBe(x);
  });

  test('needs the risks to be accepted', async () => {
    const path = createPackage(key);
    const { consentDigest } = await bench.installer.inspect(path);
    expect(
      await ruleOf(() => bench.installer.install({ path, consentDigest, acceptRisk: false })),
    ).toBe('CapabilityDenied risk_not_accepted');
    expect(await bench.registry.list()).toEqual([]);
  });

  test('refuses a package that was exchanged after the user saw it', async () => {
    const path = createPackage(key);
    const consentDigest = `sha256:${'0'.repeat(64)}`;
    expect(
      await ruleOf(() => bench.installer.install({ path, consentDigest, acceptRisk: true })),
    ).toBe('Conflict package_changed');
  });

  test('refuses it when its key is no longer trusted by then', async () => {
    const path = createPackage(key);
    const { consentDigest } = await bench.installer.inspect(path);
    await bench.trustList.remove('Ada');
    expect(
      await ruleOf(() => bench.installer.install({ path, consentDigest, acceptRisk: true })),
    ).toBe('Unauthenticated untrusted_key');
  });

  test('the same package again changes nothing and keeps the install key', async () => {
    const first = await bench.install();
    const before = {
      record: bench.registry.find('acme/notes'),
      credentials: readCredentials(first),
    };
    expect(await bench.install()).toEqual(first);
    expect({
      record: bench.registry.find('acme/notes'),
      credentials: readCredentials(first),
    }).toEqual(before);
  });

  test('again after its credentials were lost, it gets a new install key', async () => {
    const first = await bench.install();
    const before = readCredentials(first).installKey;
    rmSync(first.credentials);
    expect(readCredentials(await bench.install()).installKey).not.toBe(before);
    writeFileSync(first.credentials, '{"installKey":"hello"}');
    expect(readCredentials(await bench.install()).installKey).toContain('BEGIN PRIVATE KEY');
  });

  test('two installs at the same time end in one consistent app', async () => {
    const [left, right] = await Promise.all([bench.install(), bench.install()]);
    expect(left).toEqual(right);
  });
});

test('after an uninstall only the same signer gets the data that was kept', async () => {
  await bench.install();
  await bench.registry.remove('acme/notes');
  expect(await ruleOf(() => bench.install({}, other))).toBe('Unauthenticated signer_changed');
  expect((await bench.install()).appId).toBe('acme/notes');
  await bench.registry.remove('acme/notes');
  await bench.registry.forget('acme/notes');
  expect((await bench.install({}, other)).attestation).toBe('development');
});

test('an app whose record is damaged is not installed over', async () => {
  await bench.install();
  writeFileSync(join(bench.paths.app('acme/notes'), 'app.json'), '{}');
  const reopened = await createAppRegistry({ paths: bench.paths, log: { warn: () => undefined } });
  const again = createAppInstaller({ ...bench.parts, registry: reopened });
  expect(await ruleOf(() => again.inspect(createPackage(key)))).toBe('Conflict record_damaged');
});

test('a manifest of 200,000 levels that is signed is an answer, not a crash', async () => {
  const path = createPackage(key);
  const deep = Buffer.from(
    createManifest()
      .toString()
      .replace('{', `{"build":${'['.repeat(200_000)}`),
  );
  writeFileSync(join(path, 'locara.json'), deep);
  const bundle = createBundle(deep, key.privateKey);
  writeFileSync(join(path, 'locara.json.sigstore.json'), JSON.stringify(bundle));
  expect(await ruleOf(() => bench.installer.inspect(path))).toBe('InvalidParams manifest');
});
