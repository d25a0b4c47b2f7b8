import {
  type Capability,
  declaredCapabilities,
  describeCapability,
  type Grant,
  isCapability,
  RpcError,
} from '@locara/protocol';
import type { AppRecord, AppRegistry, Decision } from './app-registry.ts';
import { notInstalled } from './create-app-registry.ts';

/** The refusal of a method, naming what would have to be declared and granted. */
export function toCapabilityDenied(capability: Capability, method: string): RpcError {
  return new RpcError('CapabilityDenied', `${method} needs ${capability}, which is not granted.`, {
    details: { method, capability, manifestPath: describeCapability(capability).declaredBy },
  });
}

/** The user grants a declared capability. */
export async function grantCapability(
  registry: AppRegistry,
  appId: string,
  capability: string,
): Promise<AppRecord> {
  const { record, declared } = findDeclared(registry, appId, capability);
  if (record.revoked) {
    throw new RpcError('Conflict', 'The app is revoked as a whole; install it again first.');
  }
  return registry.update(appId, (now) =>
    decide(now, declared, { state: 'granted', by: 'consent' }),
  );
}

/** The user takes back one capability, or refuses a pending one; without a capability, the whole app. */
export async function revokeAccess(
  registry: AppRegistry,
  appId: string,
  capability?: string,
): Promise<AppRecord> {
  if (capability === undefined) {
    return registry.update(appId, (record) => ({ ...record, revoked: true }), {
      isNarrowing: true,
    });
  }
  const { record, declared } = findDeclared(registry, appId, capability);
  const before = record.grants.find((grant) => grant.capability === declared)?.state;
  const state = before === 'granted' ? 'revoked' : 'denied';
  return registry.update(appId, (now) => decide(now, declared, { state, by: 'revoke' }), {
    isNarrowing: true,
  });
}

/** The record with one more decision of the user's. */
function decide(
  record: AppRecord,
  capability: Capability,
  { state, by }: { readonly state: Grant['state']; readonly by: Decision['decidedBy'] },
): AppRecord {
  const decision: Decision = {
    capability,
    state,
    decidedAt: new Date().toISOString(),
    decidedBy: by,
  };
  const others = record.grants.filter((grant) => grant.capability !== capability);
  return {
    ...record,
    grants: [...others, decision].sort((left, right) =>
      left.capability < right.capability ? -1 : 1,
    ),
  };
}

function findDeclared(
  registry: AppRegistry,
  appId: string,
  capability: string,
): { readonly record: AppRecord; readonly declared: Capability } {
  const record = registry.find(appId);
  if (record === undefined) throw notInstalled();
  if (!isCapability(capability)) {
    throw new RpcError('InvalidParams', 'There is no such capability.', {
      details: { rule: 'capability' },
    });
  }
  if (declaredCapabilities(record.manifest).includes(capability)) {
    return { record, declared: capability };
  }
  throw new RpcError('CapabilityDenied', 'The manifest of the app does not declare it.', {
    details: { capability, manifestPath: describeCapability(capability).declaredBy },
  });
}
