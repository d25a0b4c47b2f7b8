import { expect, test } from 'vitest';
import { AppManifest, diffRights, type RightsDiff, rightsOf } from '@locara/protocol';
import { createManifest } from '../support/signed-package.ts';

type Overrides = Readonly<Record<string, unknown>>;

function diff(before: Overrides, after: Overrides): RightsDiff {
  const rights = (overrides: Overrides) =>
    rightsOf(AppManifest.parse(JSON.parse(createManifest(overrides).toString())));
  return diffRights(rights(before), rights(after));
}

const net = (...allowed_hosts: string[]) => ({ capabilities: { net: { allowed_hosts } } });
const pin = (id: string, digit: string) => `${id}@sha256:${digit.repeat(64)}`;

test('a right that was not there is added', () => {
  expect(diff({}, net('api.example.org')).added).toEqual([
    {
      path: 'capabilities.net.allowed_hosts',
      sentence: 'It wants to reach api.example.org, which it could not before.',
      to: 'api.example.org',
    },
  ]);
});

test('a right that includes one that was there is widened', () => {
  const { added, widened, narrowed, removed } = diff(
    net('a.example.org', 'b.example.org'),
    net('*.example.org'),
  );
  expect([added, narrowed, removed]).toEqual([[], [], []]);
  expect(widened).toEqual([
    {
      path: 'capabilities.net.allowed_hosts',
      sentence:
        'It wants to reach every host below example.org; before: a.example.org, b.example.org.',
      from: 'a.example.org, b.example.org',
      to: '*.example.org',
    },
  ]);
});

test('the same in reverse is narrowed', () => {
  const { added, widened, narrowed, removed } = diff(net('*.example.org'), net('a.example.org'));
  expect([added, widened, removed]).toEqual([[], [], []]);
  expect(narrowed.map(({ sentence }) => sentence)).toEqual([
    'It asks only to reach a.example.org; before: *.example.org.',
  ]);
});

test('a right that is gone is removed', () => {
  expect(diff(net('a.example.org'), {}).removed.map(({ sentence }) => sentence)).toEqual([
    'It no longer asks to reach a.example.org.',
  ]);
});

test('a capability carries its id, so that it can be granted', () => {
  const { added } = diff({}, { modalities: ['text-to-text'] });
  expect(added).toEqual([
    {
      path: 'modalities',
      capability: 'llm:generate',
      sentence:
        'It wants to write text with a language model on this computer, which it could not before.',
      to: 'llm:generate',
    },
  ]);
});

test('a model under another digest is widened, once', () => {
  const { added, widened, removed } = diff(
    { models: [pin('tiny', 'a')] },
    { models: [pin('tiny', 'b')] },
  );
  expect([added, removed]).toEqual([[], []]);
  expect(widened).toMatchObject([{ path: 'models', from: pin('tiny', 'a'), to: pin('tiny', 'b') }]);
  expect(widened[0]?.sentence).toContain('another edition of the model tiny');
});

test.each([
  [
    'another port',
    { capabilities: { net: { allowed_hosts: ['a.example.org'], allowed_ports: [443] } } },
    { capabilities: { net: { allowed_hosts: ['a.example.org'], allowed_ports: [22] } } },
    'capabilities.net.allowed_ports',
  ],
  [
    'every port',
    { capabilities: { net: { allowed_hosts: ['a.example.org'], allowed_ports: [443] } } },
    net('a.example.org'),
    'capabilities.net.allowed_ports',
  ],
  ['more space', {}, { storage: { quota_mb: 2048 } }, 'storage.quota_mb'],
  [
    'changing files where it read them',
    { capabilities: { fs: { 'user-paths': { documents: 'read' } } } },
    { capabilities: { fs: { 'user-paths': { documents: 'read-write' } } } },
    'capabilities.fs.user-paths',
  ],
  [
    'changing the files that are picked',
    {},
    { capabilities: { fs: { 'user-selected': 'read-write' } } },
    'capabilities.fs.user-selected',
  ],
  [
    'working where it waited',
    { capabilities: { background: { mode: 'passive' } } },
    { capabilities: { background: true } },
    'capabilities.background',
  ],
  [
    'changing what it shares',
    { capabilities: { ipc: [{ app: 'acme/mail', collection: 'people', access: 'read' }] } },
    { capabilities: { ipc: [{ app: 'acme/mail', collection: 'people', access: 'read-write' }] } },
    'capabilities.ipc',
  ],
])('%s is widened', (_, before, after, path) => {
  const { added, widened } = diff(before, after);
  expect(added).toEqual([]);
  expect(widened.map((change) => change.path)).toEqual([path]);
});

test.each([
  ['a device', { capabilities: { device: { camera: true } } }, 'capabilities.device.camera'],
  ['backups', { storage: { backups: { enabled: true } } }, 'storage.backups.enabled'],
  [
    'sounds',
    { capabilities: { notifications: { modes: ['sound'] } } },
    'capabilities.notifications',
  ],
  ['the background', { capabilities: { background: true } }, 'capabilities.background'],
  ['every host', { capabilities: { net: true } }, 'capabilities.net'],
])('%s is added', (_, after, path) => {
  expect(diff({}, after).added.map((change) => change.path)).toEqual([path]);
});

test('another spelling of the same rights is no change', () => {
  const before = net('*.example.org', 'b.example.org', 'a.example.org');
  const none = { added: [], widened: [], narrowed: [], removed: [] };
  expect(diff(before, net('a.example.org', '*.example.org'))).toEqual(none);
  expect(
    diff(
      { capabilities: { notifications: true } },
      { capabilities: { notifications: { modes: ['sound', 'alert', 'badge'] } } },
    ),
  ).toEqual(none);
});
