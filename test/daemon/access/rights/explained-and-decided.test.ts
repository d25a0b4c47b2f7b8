import {
  type Attestation,
  ATTESTATIONS,
  declaredCapabilities,
  GRANT_STATES,
  type MethodName,
  methods,
  type Modality,
  MODALITY_CAPABILITY,
  requiredCapabilities,
  rightsOf,
  RpcError,
} from '@locara/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../../../daemon/access/apps/app-registry.ts';
import type { Session } from '../../../../daemon/access/session.ts';
import { createSessions } from '../../../../daemon/access/sessions.ts';
import { createLoadedSight } from '../../../../daemon/models/loaded-sight.ts';
import { createPinnedModels } from '../../../../daemon/models/pinned-models.ts';
import { dispatch, type DispatchContext } from '../../../../daemon/rpc/dispatcher.ts';
import type { Handlers, SessionCall } from '../../../../daemon/rpc/handler.ts';
import { NO_ENGINES } from '../../../fakes/no-engines.ts';
import { DEAF } from '../../../fakes/session-listener.ts';
import {
  ALL,
  ASKS_FOR_ALL,
  catalog,
  createRecord,
  explain,
  parseManifest,
  PINS,
  type Scene,
} from '../../../support/explained-scene.ts';

describe('what really decides agrees', () => {
  /** The models that each method runs, from the contract, not from the table that explains. */
  const TASKS: Partial<Record<MethodName, readonly Modality[]>> = {
    'llm.chat': ['text-to-text', 'text-to-text-thinking'],
    'llm.complete': ['text-to-text', 'text-to-text-thinking'],
    'llm.countTokens': ['text-to-text', 'text-to-text-thinking'],
    'llm.rerank': ['text-to-text', 'text-to-text-thinking'],
    'embed.create': ['text-to-embedding'],
    'collections.reembed': ['text-to-embedding'],
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

  test('and knows of every method that cannot do without a model', () => {
    const ofModels = new Set<string>(Object.values(MODALITY_CAPABILITY));
    const needy = (Object.keys(methods) as MethodName[]).filter((method) =>
      requiredCapabilities(methods[method].requires).some((need) => ofModels.has(need)),
    );
    expect(Object.keys(TASKS).toSorted()).toEqual(needy.toSorted());
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
