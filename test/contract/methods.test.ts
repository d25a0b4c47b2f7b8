import { type Capability, methods, type MethodSpec, requiredCapabilities } from '@locara/protocol';
import { describe, expect, test } from 'vitest';
import type { Handshake } from '../../daemon/access/handshake.ts';
import type { Session } from '../../daemon/access/session.ts';
import { dispatch, type DispatchContext } from '../../daemon/rpc/dispatcher.ts';
import type { Handlers } from '../../daemon/rpc/handler.ts';
import { beginTurns } from '../../daemon/turns.ts';

/** Handlers that must never be reached. */
const handlers = new Proxy({} as Handlers, {
  get: (_target, method) => () => {
    throw new Error(`${String(method)} was reached`);
  },
});

function context(held: readonly Capability[] | undefined): DispatchContext {
  return {
    handshake: { canEnroll: false } as Partial<Handshake> as Handshake,
    session:
      held === undefined
        ? undefined
        : ({ appId: 'a/b', has: (capability: Capability) => held.includes(capability) } as Session),
    signal: new AbortController().signal,
    turns: beginTurns(),
    sendChunk: () => Promise.reject(new Error('unexpected chunk')),
    onBegin: () => undefined,
    sendProgress: () => undefined,
    onRequire: () => undefined,
  };
}

const table = Object.entries(methods) as [string, MethodSpec][];
const guarded = table.filter(([, spec]) => spec.requires !== 'connection');
const granted = guarded.filter(([, spec]) => spec.requires !== 'session');

describe('authority comes before params', () => {
  test.each(guarded)('%s without a session is Unauthenticated', async (method) => {
    await expect(
      dispatch(handlers, { method, params: 'nonsense' }, context(undefined)),
    ).rejects.toMatchObject({ reason: 'Unauthenticated' });
  });

  test.each(granted)('%s without a grant is CapabilityDenied', async (method, spec) => {
    const [first] = requiredCapabilities(spec.requires);
    await expect(
      dispatch(handlers, { method, params: 'nonsense' }, context([])),
    ).rejects.toMatchObject({
      reason: 'CapabilityDenied',
      details: { capability: first },
    });
  });

  test.each(granted)(
    '%s with all but one of its capabilities is denied that one',
    async (method, spec) => {
      const needed = requiredCapabilities(spec.requires);
      for (const missing of needed) {
        const held = needed.filter((capability) => capability !== missing);
        await expect(
          dispatch(handlers, { method, params: {} }, context(held)),
        ).rejects.toMatchObject({
          reason: 'CapabilityDenied',
          details: { capability: missing },
        });
      }
    },
  );

  test.each(['toString', 'constructor', '__proto__', 'hasOwnProperty', 'llm', 'llm.chat '])(
    '%s is no method',
    async (method) => {
      await expect(dispatch(handlers, { method, params: {} }, context([]))).rejects.toMatchObject({
        reason: 'MethodNotFound',
      });
    },
  );
});

describe('the table', () => {
  test('the public names are pinned', () => {
    expect(Object.keys(methods).toSorted()).toMatchInlineSnapshot(`
      [
        "audit.capabilityLog",
        "blobs.append",
        "blobs.commit",
        "blobs.create",
        "blobs.delete",
        "blobs.read",
        "collections.create",
        "collections.delete",
        "collections.describe",
        "collections.drop",
        "collections.explain",
        "collections.export",
        "collections.get",
        "collections.import",
        "collections.list",
        "collections.reembed",
        "collections.search",
        "collections.upsert",
        "daemon.ping",
        "daemon.status",
        "db.backup",
        "db.backups",
        "db.batch",
        "db.exec",
        "db.info",
        "db.migrate",
        "db.query",
        "db.restore",
        "db.wipe",
        "embed.create",
        "grants.list",
        "grants.request",
        "llm.chat",
        "llm.complete",
        "llm.countTokens",
        "llm.rerank",
        "models.ensure",
        "models.lease",
        "models.list",
        "models.release",
        "ocr.recognize",
        "privacy.budget.charge",
        "privacy.budget.create",
        "privacy.budget.get",
        "privacy.budget.list",
        "privacy.capabilities",
        "privacy.centroid",
        "privacy.count",
        "privacy.detect",
        "privacy.drawNoise",
        "privacy.forget",
        "privacy.histogram",
        "privacy.mean",
        "privacy.noise",
        "privacy.randomizedResponse",
        "privacy.redact",
        "privacy.restore",
        "rpc.discover",
        "session.authenticate",
        "session.enroll",
        "session.hello",
        "session.info",
        "transcribe.run",
        "vault.changePassphrase",
        "vault.closeStream",
        "vault.decrypt",
        "vault.delete",
        "vault.deriveKey",
        "vault.disable",
        "vault.encrypt",
        "vault.forgetKey",
        "vault.getMetadata",
        "vault.getParameters",
        "vault.hasEncryption",
        "vault.hashPassphrase",
        "vault.initialize",
        "vault.isSupported",
        "vault.isUnlocked",
        "vault.list",
        "vault.lock",
        "vault.openStream",
        "vault.pushStream",
        "vault.unlock",
        "vault.verifyPassphrase",
      ]
    `);
  });

  test.each(table)('%s refuses unknown params and strips unknown results', (_method, spec) => {
    const parsed = spec.params.safeParse({ 'not-a-param': 1 });
    expect(parsed.success).toBe(false);
    const keys = parsed.error?.issues.filter((issue) => issue.code === 'unrecognized_keys');
    expect(keys).toHaveLength(1);
  });

  test('only the handshake and two methods are open before a session', () => {
    const open = table
      .filter(([, spec]) => spec.requires === 'connection')
      .map(([method]) => method);
    expect(open.toSorted()).toEqual([
      'daemon.ping',
      'rpc.discover',
      'session.authenticate',
      'session.enroll',
      'session.hello',
    ]);
  });
});
