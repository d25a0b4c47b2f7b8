import { describe, expect, test } from 'vitest';
import {
  type Capability,
  checkManifest,
  GRANT_STATES,
  type Grant,
  rightsOf,
} from '@locara/protocol';
import type { AppRecord } from '../../../../daemon/access/apps/app-registry.ts';
import {
  type EffectiveRights,
  effectiveRights,
} from '../../../../daemon/access/rights/effective-rights.ts';
import { toCapabilityDenied } from '../../../../daemon/access/rights/grants.ts';
import { createManifest } from '../../../support/signed-package.ts';

function createRecord(grants: readonly Grant[], revoked = false): AppRecord {
  const { manifest } = checkManifest(createManifest({ capabilities: { tools: ['ocr'] } }));
  if (manifest === undefined) throw new Error('the test manifest is not valid');
  return {
    appId: 'acme/notes',
    manifest,
    manifestDigest: 'sha256:',
    installPublicKey: new Uint8Array(32),
    attestation: 'install-key',
    signer: { id: 'key:', words: '', scope: 'sideloading' },
    installedAt: '',
    revoked,
    grants,
    approved: rightsOf(manifest),
  };
}

function rightsNow(record: AppRecord): EffectiveRights {
  return effectiveRights({ record, attestation: 'install-key', block: undefined });
}

function hasCapability(record: AppRecord, capability: Capability): boolean {
  return rightsNow(record).has(capability);
}

function effectiveGrants(record: AppRecord): readonly Grant[] {
  return rightsNow(record).grants;
}

describe('a capability is held', () => {
  test.each(GRANT_STATES)('only when granted: %s', (state) => {
    const record = createRecord([{ capability: 'store:read', state }]);
    expect(hasCapability(record, 'store:read')).toBe(state === 'granted');
  });

  test('only when declared, whatever the record grants', () => {
    const record = createRecord([
      { capability: 'llm:generate', state: 'granted' },
      { capability: 'tools:shell', state: 'granted' },
    ]);
    expect(hasCapability(record, 'llm:generate')).toBe(false);
    expect(hasCapability(record, 'tools:shell')).toBe(false);
  });

  test('never by a revoked app', () => {
    const record = createRecord([{ capability: 'store:read', state: 'granted' }], true);
    expect(hasCapability(record, 'store:read')).toBe(false);
    expect(new Set(effectiveGrants(record).map(({ state }) => state))).toEqual(
      new Set(['revoked']),
    );
  });

  test('never under a name that objects inherit', () => {
    const record = createRecord([{ capability: '__proto__', state: 'granted' }]);
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(hasCapability(record, name as Capability)).toBe(false);
    }
  });
});

test('what was never decided is pending, in a stable order', () => {
  expect(effectiveGrants(createRecord([]))).toEqual([
    { capability: 'store:read', state: 'pending' },
    { capability: 'store:write', state: 'pending' },
    { capability: 'tools:ocr', state: 'pending' },
  ]);
});

test('a refusal names the method, the capability and where a manifest declares it', () => {
  expect(toCapabilityDenied('store:sql', 'db.exec').toWire().data).toEqual({
    reason: 'CapabilityDenied',
    retryable: false,
    details: { method: 'db.exec', capability: 'store:sql', manifestPath: 'storage.sql: true' },
  });
});
