import { join } from 'node:path';
import {
  type AppManifest,
  type Attestation,
  ATTESTATIONS,
  type Block,
  checkManifest,
  declaredCapabilities,
  GRANT_STATES,
  type MethodName,
  methods,
  type Modality,
  rightsOf,
  RpcError,
} from '@locara/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AppRecord, Decision } from '../../../../daemon/access/apps/app-registry.ts';
import { createAppExplainer } from '../../../../daemon/access/rights/app-explainer.ts';
import type { Session } from '../../../../daemon/access/session.ts';
import { createSessions } from '../../../../daemon/access/sessions.ts';
import { digestOf, readCatalog } from '../../../../daemon/models/catalog.ts';
import { createLoadedSight } from '../../../../daemon/models/loaded-sight.ts';
import { createPinnedModels } from '../../../../daemon/models/pinned-models.ts';
import { dispatch, type DispatchContext } from '../../../../daemon/rpc/dispatcher.ts';
import type { Handlers, SessionCall } from '../../../../daemon/rpc/handler.ts';
import { NO_ENGINES } from '../../../fakes/no-engines.ts';
import { DEAF } from '../../../fakes/session-listener.ts';
import { createManifest } from '../../../support/signed-package.ts';

const catalog = readCatalog(join(import.meta.dirname, '../../../../models/catalog.json'));
const PINS = catalog.models.map((entry) => `${entry.id}@${digestOf(entry)}`);
const APP = 'acme/notes';

/** One app in one state, and which models are on the computer. */
interface Scene {
  readonly record: AppRecord | undefined;
  readonly block?: Block | undefined;
  readonly installed: readonly string[];
  readonly isDamaged?: boolean;
  readonly isIntact?: boolean;
  readonly remainingMs?: number;
}

const ASKS_FOR_ALL = {
  modalities: ['text-to-text', 'text-to-embedding', 'speech-to-text', 'image-to-text'],
  models: PINS,
  storage: { sql: true },
};

function parseManifest(changes: Readonly<Record<string, unknown>>): AppManifest {
  const { manifest, errors } = checkManifest(createManifest(changes));
  if (manifest === undefined) throw new Error(JSON.stringify(errors));
  return manifest;
}

function createRecord(changes: Partial<AppRecord> = {}): AppRecord {
  const manifest = changes.manifest ?? parseManifest(ASKS_FOR_ALL);
  return {
    appId: APP,
    manifest,
    manifestDigest: 'sha256:',
    installPublicKey: new Uint8Array(32),
    attestation: 'install-key',
    signer: { id: 'key:1', words: 'Ada', scope: 'sideloading' },
    installedAt: '2026-01-01T00:00:00Z',
    revoked: false,
    grants: declaredCapabilities(manifest).map((capability) => ({ capability, state: 'granted' })),
    approved: rightsOf(manifest),
    ...changes,
  };
}

function explain(method: string, scene: Scene) {
  const { record, block, installed, isDamaged = false, isIntact = true, remainingMs = 0 } = scene;
  return createAppExplainer({
    registry: { find: () => record, isDamaged: () => isDamaged, isIntact: () => isIntact },
    blocks: { find: () => block },
    remainingMs: () => remainingMs,
    findModel: (pin) => {
      const entry = catalog.findPinned(pin);
      return entry && { task: entry.task, installed: installed.includes(entry.id) };
    },
  })({ appId: APP, method });
}

const failing = (method: string, scene: Scene) =>
  explain(method, scene).checks.filter(({ holds }) => !holds);

const ALL: readonly string[] = catalog.models.map(({ id }) => id);

describe('what really decides agrees', () => {
  /** The models that each method runs, from the contract, not from the table that explains. */
  const TASKS: Partial<Record<MethodName, readonly Modality[]>> = {
    'llm.chat': ['text-to-text', 'text-to-text-thinking'],
    'llm.complete': ['text-to-text', 'text-to-text-thinking'],
    'llm.countTokens': ['text-to-text', 'text-to-text-thinking'],
    'llm.rerank': ['text-to-text', 'text-to-text-thinking'],
    'embed.create': ['text-to-embedding'],
    'transcribe.run': ['speech-to-text'],
    'ocr.recognize': ['image-to-text'],
  };

  /** An app that the handshake refuses has no session. */
  function openSession({ record, block, isIntact }: Scene): Session | undefined {
    if (record === undefined || record.revoked || block !== undefined) return undefined;
    if (isIntact === false) return undefined;
    const sessions = createSessions(
      { find: () => record, onChange: () => () => undefined } as never,
      { find: () => block, isStale: () => false, onChange: () => () => undefined },
      { maxConnectionsPerApp: 1, maxCallsPerApp: 1 },
    );
    return sessions.open({ record, attestation: record.attestation, pid: 1 }, DEAF);
  }

  /** Whether the dispatcher lets the call through to its params, and a model is there for it. */
  async function isReallyAllowed(method: MethodName, scene: Scene): Promise<boolean> {
    const session = openSession(scene);
    const handshake = { canEnroll: true };
    const context = {
      session,
      handshake,
      onRequire: () => undefined,
    } as unknown as DispatchContext;
    const request = { method, params: { noSuchParam: 1 } };
    const refusal = await dispatch({} as Handlers, request, context).catch(
      (error: unknown) => error,
    );
    if (!(refusal instanceof RpcError)) throw new Error('no refusal', { cause: refusal });
    if (refusal.reason !== 'InvalidParams') return false;
    const tasks = TASKS[method];
    if (tasks === undefined || session === undefined) return true;
    const models = createPinnedModels({
      catalog,
      cache: {
        isInstalled: () => false,
        installed: () => ({ count: 0, bytes: 0 }),
        pathsOf: () => new Map(),
        ensure: ({ id }) =>
          scene.installed.includes(id)
            ? Promise.resolve(new Map())
            : Promise.reject(new RpcError('Unavailable', 'absent')),
      },
      companionsOf: () => [],
      engines: NO_ENGINES,
      sight: createLoadedSight(),
    });
    const call = { session, progress: () => undefined } as unknown as SessionCall;
    return models.resolve({ call, tasks, model: undefined }).then(
      () => true,
      () => false,
    );
  }

  const manifests = fc
    .record({
      modalities: fc.subarray(ASKS_FOR_ALL.modalities),
      models: fc.subarray(PINS),
      capabilities: fc.record({
        fs: fc.record({ 'app-data': fc.constantFrom(false, 'read', 'read-write') }),
      }),
      storage: fc.record({ sql: fc.boolean() }),
    })
    .map(parseManifest);

  const records = manifests.chain((manifest) => {
    const declared = declaredCapabilities(manifest);
    const decisions = fc.tuple(
      ...declared.map((capability) =>
        fc
          .constantFrom(undefined, 'granted', 'granted', ...GRANT_STATES)
          .map((state): Decision[] => (state === undefined ? [] : [{ capability, state }])),
      ),
    );
    return fc
      .record({
        grants: decisions.map((list) => list.flat()),
        approvedCapabilities: fc.subarray([...declared]),
        approvedModels: fc.subarray([...manifest.models]),
        isNarrowed: fc.boolean(),
        revoked: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
        attestation: fc.constantFrom<Attestation>(...ATTESTATIONS),
      })
      .map(({ grants, approvedCapabilities, approvedModels, isNarrowed, revoked, attestation }) => {
        const all = rightsOf(manifest);
        const approved = isNarrowed
          ? { ...all, capabilities: approvedCapabilities, models: approvedModels }
          : all;
        return createRecord({ manifest, grants, approved, revoked, attestation });
      });
  });

  const scenes: fc.Arbitrary<Scene> = fc.record({
    record: fc.option(records, { nil: undefined, freq: 9 }),
    block: fc.constantFrom(undefined, undefined, undefined, { reason: 'It leaks.', seq: 1 }),
    isIntact: fc.constantFrom(true, true, true, false),
    installed: fc.oneof(fc.constant(ALL), fc.subarray([...ALL])),
  });

  test.each(Object.keys(methods) as MethodName[])('on %s', async (method) => {
    await fc.assert(
      fc.asyncProperty(scenes, async (scene) => {
        expect(explain(method, scene).allowed).toBe(await isReallyAllowed(method, scene));
      }),
      { numRuns: 100 },
    );
  });
});

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
