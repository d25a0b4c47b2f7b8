import { rightsOf } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../../daemon/access/apps/app-registry.ts';
import {
  ALL,
  ASKS_FOR_ALL,
  createRecord,
  explain,
  parseManifest,
  type Scene,
} from '../../../support/explained-scene.ts';

const failing = (method: string, scene: Scene) =>
  explain(method, scene).checks.filter(({ holds }) => !holds);

describe('a refusal says what would change it:', () => {
  test('an app that is not installed, or damaged', () => {
    const absent: Scene = { record: undefined, installed: ALL };
    const [missing] = failing('llm.chat', absent);
    expect(missing?.sentence).toBe('acme/notes is not installed.');
    expect(missing?.remedy).toBe('This names the apps that are: locara app list');
    const [damaged] = failing('session.info', { ...absent, isDamaged: true });
    expect(damaged?.sentence).toContain('damaged');
    expect(damaged?.remedy).toContain('locara app uninstall acme/notes --wipe');
  });

  test('an app whose files were changed', () => {
    const changed: Scene = { record: createRecord(), isIntact: false, installed: ALL };
    expect(failing('session.info', changed)).toMatchObject([
      { check: 'intact', remedy: 'Install it again: locara app install <package>' },
    ]);
  });

  test('one that was revoked as a whole, or is blocked', () => {
    const block = { reason: 'It leaks.', advisory: 'https://acme.example/1', seq: 4 };
    const refused = failing('session.info', {
      record: createRecord({ revoked: true }),
      block,
      installed: ALL,
    });
    expect(refused.map(({ check }) => check)).toEqual(['revoked', 'blocked']);
    expect(refused[1]?.sentence).toBe('Revocation list 4 blocks it: It leaks.');
    expect(refused[1]?.remedy).toContain('https://acme.example/1');
  });

  test('a capability that is not declared, by the manifest path', () => {
    const record = createRecord({ manifest: parseManifest({}) });
    const refused = failing('db.exec', { record, installed: ALL });
    expect(refused).toMatchObject([{ check: 'declared' }]);
    expect(refused[0]?.remedy).toContain('storage.sql: true');
  });

  test.each([
    [
      'pending',
      'store:read waits for your decision; the app asked for it on 2026-02-01 10:00 UTC.',
    ],
    ['denied', 'You refused store:read on 2026-02-02 11:00 UTC.'],
    ['revoked', 'You revoked store:read on 2026-02-02 11:00 UTC.'],
  ] as const)('a capability that is %s, since when', (state, sentence) => {
    const decision: Decision =
      state === 'pending'
        ? { capability: 'store:read', state, requestedAt: '2026-02-01T10:00:00Z' }
        : { capability: 'store:read', state, decidedAt: '2026-02-02T11:00:00Z' };
    const record = createRecord({ grants: [decision] });
    expect(failing('db.info', { record, installed: ALL })).toEqual([
      {
        check: 'granted',
        holds: false,
        sentence,
        remedy: 'locara app consent acme/notes store:read',
      },
    ]);
  });

  test('a right that an update added, by the rest of the cool-down', () => {
    const manifest = parseManifest(ASKS_FOR_ALL);
    const record = createRecord({
      manifest,
      grants: [{ capability: 'ocr:run', state: 'pending' }],
      approved: { ...rightsOf(manifest), capabilities: [] },
      expansion: {
        diffDigest: 'sha256:',
        fromVersion: '1.0.0',
        firstSeenAt: '2026-01-01T00:00:00Z',
        waited: { elapsedMs: 0, bootId: '', bootMs: 0 },
      },
    });
    const scene = { record, installed: ALL, remainingMs: 2 * 60 * 60 * 1000 };
    const [approved, granted] = failing('ocr.recognize', scene);
    expect(approved).toMatchObject({
      check: 'approved',
      remedy: 'Wait 2 hours of running time, then: locara app consent acme/notes',
    });
    expect(granted?.remedy).toBe(approved?.remedy);
    const [after] = failing('ocr.recognize', { ...scene, remainingMs: 0 });
    expect(after?.remedy).toBe('locara app consent acme/notes');
  });

  test('a model that is not pinned, or not here', () => {
    const record = createRecord({ manifest: parseManifest({ ...ASKS_FOR_ALL, models: [] }) });
    expect(failing('llm.chat', { record, installed: ALL })).toMatchObject([{ check: 'model' }]);
    expect(failing('llm.chat', { record: createRecord(), installed: [] })).toMatchObject([
      { check: 'model', remedy: 'locara model pull stories-260k' },
    ]);
  });

  test.each(['no.such', 'constructor', 'toString', '__proto__', ''])(
    'no method is called %j',
    (method) => {
      const { allowed, requires, checks } = explain(method, {
        record: createRecord(),
        installed: ALL,
      });
      expect({ allowed, requires }).toEqual({ allowed: false, requires: [] });
      expect(checks).toMatchObject([{ check: 'method', holds: false }]);
    },
  );
});

test('what only some params need is told, and does not decide', () => {
  const record = createRecord({ manifest: parseManifest({ models: [] }) });
  const { allowed, checks } = explain('collections.upsert', { record, installed: ALL });
  expect(allowed).toBe(true);
  const some = checks.filter(({ onlySome }) => onlySome === true);
  expect(some).toMatchObject([
    { check: 'declared', holds: false },
    { check: 'model', holds: false },
  ]);
});

test('a method that needs a connection alone is allowed to everyone', () => {
  const { allowed, requires } = explain('daemon.ping', { record: undefined, installed: [] });
  expect({ allowed, requires }).toEqual({ allowed: true, requires: ['connection'] });
});
