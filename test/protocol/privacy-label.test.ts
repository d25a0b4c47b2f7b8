import { describe, expect, test } from 'vitest';
import { AppManifest, type Badge, type LabelSubject, privacyLabel } from '@locara/protocol';
import { createManifest } from '../support/signed-package.ts';

const PIN = `tiny@sha256:${'a'.repeat(64)}`;

function badges(
  overrides: Readonly<Record<string, unknown>>,
  context: Partial<Omit<LabelSubject, 'manifest'>> = {},
): Badge['id'][] {
  const manifest = AppManifest.parse(JSON.parse(createManifest(overrides).toString()));
  const label = privacyLabel({ manifest, models: new Map(), tools: new Map(), ...context });
  for (const { because } of label) expect(because).toMatch(/^[A-Z][^.]*\.$/);
  return label.map(({ id }) => id);
}

test('an app that asks for nothing has earned all three', () => {
  expect(badges({})).toEqual(['fully-local', 'no-telemetry', 'open-source']);
});

describe('Fully Local', () => {
  const isLocal = (...subject: Parameters<typeof badges>): boolean =>
    badges(...subject).includes('fully-local');

  test('needs net to be false', () => {
    const net = { allowed_hosts: ['api.example.org'] };
    expect(isLocal({ capabilities: { net: true } })).toBe(false);
    expect(isLocal({ capabilities: { net } })).toBe(false);
  });

  test('needs every model to be in the catalog', () => {
    expect(isLocal({ models: [PIN] }, { models: new Map([[PIN, true]]) })).toBe(true);
    expect(isLocal({ models: [PIN] }, { models: new Map([[PIN, false]]) })).toBe(false);
    expect(isLocal({ models: [PIN] })).toBe(false);
  });

  test('needs every tool to be net-free, those that are asked for later too', () => {
    const tools = new Map([
      ['ocr', true],
      ['browser.fetch', false],
    ]);
    expect(isLocal({ capabilities: { tools: ['ocr'] } }, { tools })).toBe(true);
    expect(isLocal({ capabilities: { tools: ['browser.fetch'] } }, { tools })).toBe(false);
    expect(isLocal({ capabilities: { optional: ['tools:browser.fetch'] } }, { tools })).toBe(false);
  });

  test('is not earned with an unknown tool, whatever its name', () => {
    for (const tool of ['echo', 'constructor']) {
      expect(isLocal({ capabilities: { tools: [tool] } }), tool).toBe(false);
    }
  });
});

describe('No Telemetry', () => {
  test.each([
    ['network', { net: { allowed_hosts: ['api.example.org'] } }],
    ['an unknown tool', { tools: ['echo'] }],
    ['sharing', { ipc: [{ app: 'acme/mail', collection: 'people', access: 'read-write' }] }],
    ['changing a folder', { fs: { 'user-paths': { documents: 'read-write' } } }],
  ])('is lost by %s', (_, capabilities) => {
    expect(badges({ capabilities })).not.toContain('no-telemetry');
  });

  test('does not ask where models come from, and says whose word it is', () => {
    const manifest = AppManifest.parse(JSON.parse(createManifest({ models: [PIN] }).toString()));
    const label = privacyLabel({ manifest, models: new Map(), tools: new Map() });
    const badge = label.find(({ id }) => id === 'no-telemetry');
    expect(badge?.because).toContain('outside a sandbox this is its word');
  });
});

describe('Open Source', () => {
  test.each([
    ['Apache-2.0', true],
    ['MIT OR Apache-2.0', true],
    ['GPL-2.0-only WITH Classpath-exception-2.0', true],
    ['(MIT AND ISC) OR BSD-3-Clause', true],
    ['MIT OR LicenseRef-acme', false],
    ['LicenseRef-MIT', false],
    ['CC-BY-NC-4.0', false],
  ])('%s: %s', (license, isOpen) => {
    expect(badges({ license }).includes('open-source')).toBe(isOpen);
  });

  test('needs a repository', () => {
    expect(badges({ repository: undefined })).not.toContain('open-source');
  });
});

test('where an app came from is always shown', () => {
  expect(badges({}, { scope: 'sideloading' })).toContain('sideloaded');
  expect(badges({ capabilities: { net: true } }, { scope: 'development' })).toContain(
    'development',
  );
});
