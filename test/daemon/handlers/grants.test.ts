import { beforeEach, describe, expect, test } from 'vitest';
import type { Grant } from '@locara/protocol';
import { consentTo, revokeAccess } from '../../../daemon/access/rights/grants.ts';
import { createSessions, type OpenSession } from '../../../daemon/access/sessions.ts';
import { grantsHandlers } from '../../../daemon/handlers/grants.ts';
import type { Handlers } from '../../../daemon/rpc/handler.ts';
import { silentLog } from '../../fakes/silent-log.ts';
import { createInstallBench, type InstallBench, NO_BLOCKS } from '../../support/install-bench.ts';
import { rejectionOf } from '../../support/signed-package.ts';

const appId = 'acme/notes';
const command = 'locara app consent acme/notes store:sql';

let bench: InstallBench;
let session: OpenSession;
let grants: Handlers<'grants'>;
let told: (readonly Grant[])[];

beforeEach(async () => {
  bench = await createInstallBench();
  const { registry, audit } = bench;
  await bench.install({ storage: { sql: true }, capabilities: { optional: ['store:sql'] } });
  const limits = { maxConnectionsPerApp: 4, maxCallsPerApp: 4 };
  const sessions = createSessions(registry, NO_BLOCKS, limits);
  const record = registry.find(appId);
  if (record === undefined) throw new Error('it is not installed');
  told = [];
  session = sessions.open(
    { record, attestation: 'install-key', pid: 1 },
    {
      onModelsChanged: () => undefined,
      onStoreFilling: () => undefined,
      onGrantsChanged: () => told.push(session.grants()),
      onEnded: () => undefined,
    },
  );
  grants = grantsHandlers({ registry, audit, log: silentLog, clock: bench.grants.clock });
});

async function request(capability: string): Promise<unknown> {
  const call = {
    session,
    signal: new AbortController().signal,
    require: () => undefined,
    progress: () => undefined,
  };
  return grants['grants.request']({ capability }, call);
}

function requests(): number {
  return bench.audit.decisions.filter(({ event }) => event === 'grant.requested').length;
}

describe('asking for a capability', () => {
  test('puts it before the user once, on disk, and answers what they can run', async () => {
    const grant = { capability: 'store:sql', state: 'pending' };
    expect(await request('store:sql')).toEqual({ grant, command });
    bench.setTime(new Date('2026-03-02T00:00:00.000Z'));
    expect(await request('store:sql')).toEqual({ grant, command });
    const decision = bench.registry.find(appId)?.grants[1];
    expect(decision).toEqual({ ...grant, requestedAt: '2026-03-01T12:00:00.000Z' });
    expect(requests()).toBe(1);
    // It changes no right, so the app is told nothing.
    expect(told).toEqual([]);
  });

  test('many times at once is one request', async () => {
    await Promise.all(Array.from({ length: 32 }, () => request('store:sql')));
    expect(requests()).toBe(1);
  });

  test('is not asking again after the user refused or revoked it', async () => {
    await revokeAccess(bench.grants, appId, 'store:sql');
    expect(await request('store:sql')).toEqual({
      grant: { capability: 'store:sql', state: 'denied' },
      command,
    });
    await consentTo(bench.grants, { appId, capability: 'store:sql' });
    await revokeAccess(bench.grants, appId, 'store:sql');
    expect(await request('store:sql')).toMatchObject({ grant: { state: 'revoked' } });
    expect(requests()).toBe(0);
  });

  test('answers what is granted, without a command', async () => {
    expect(await request('store:read')).toEqual({
      grant: { capability: 'store:read', state: 'granted' },
    });
  });

  test('keeps when it was asked for beside the decision', async () => {
    await request('store:sql');
    await consentTo(bench.grants, { appId, capability: 'store:sql' });
    expect(bench.registry.find(appId)?.grants[1]).toEqual({
      capability: 'store:sql',
      state: 'granted',
      requestedAt: '2026-03-01T12:00:00.000Z',
      decidedAt: '2026-03-01T12:00:00.000Z',
      decidedBy: 'consent',
    });
    expect(told).toHaveLength(1);
    expect(session.has('store:sql')).toBe(true);
  });

  test.each([
    ['llm:generate', 'modalities: ["text-to-text"]'],
    ['tools:shell', 'capabilities.tools: ["shell"]'],
    ['constructor', 'capabilities.optional'],
  ])('for what the manifest does not declare is refused: %s', async (capability, manifestPath) => {
    const error = await rejectionOf(() => request(capability));
    expect(error.reason).toBe('CapabilityDenied');
    expect(error.details).toEqual({ method: 'grants.request', capability, manifestPath });
    expect(requests()).toBe(0);
  });
});

test('a session that outlives its app does not find models that the user never approved', async () => {
  const record = bench.registry.find(appId);
  if (record === undefined) throw new Error('it is not installed');
  const pin = `tiny@sha256:${'a'.repeat(64)}`;
  const asking = { ...record, manifest: { ...record.manifest, models: [pin] } };
  const limits = { maxConnectionsPerApp: 4, maxCallsPerApp: 4 };
  const outliving = createSessions(bench.registry, NO_BLOCKS, limits).open(
    { record: asking, attestation: 'install-key', pid: 1 },
    {
      onModelsChanged: () => undefined,
      onStoreFilling: () => undefined,
      onGrantsChanged: () => undefined,
      onEnded: () => undefined,
    },
  );
  await bench.registry.remove(appId);
  expect(outliving.manifest.models).toEqual([]);
  expect(outliving.grants()).toEqual([]);
});
