import {
  type Capability,
  declaredCapabilities,
  describeCapability,
  type Grant,
  isCapability,
  RpcError,
} from '@locara/protocol';
import type { AppRecord, AppRegistry } from './app-registry.ts';
import { notInstalled } from './create-app-registry.ts';

/** The state of every declared capability, in a stable order; one that was never decided is pending. */
export function effectiveGrants(record: AppRecord): Grant[] {
  const decided = new Map(record.grants.map(({ capability, state }) => [capability, state]));
  return declaredCapabilities(record.manifest).map((capability) => ({
    capability,
    state: record.revoked ? 'revoked' : (decided.get(capability) ?? 'pending'),
  }));
}

/** The one answer to "may it": declared by the manifest ∩ granted by the user ∩ not revoked. */
export function hasCapability(record: AppRecord, capability: Capability): boolean {
  return effectiveGrants(record).some(
    (grant) => grant.capability === capability && grant.state === 'granted',
  );
}

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
  return registry.setGrant(appId, declared, 'granted');
}

/** The user takes back one capability, or refuses a pending one; without a capability, the whole app. */
export async function revokeAccess(
  registry: AppRegistry,
  appId: string,
  capability?: string,
): Promise<AppRecord> {
  if (capability === undefined) return registry.revoke(appId);
  const { record, declared } = findDeclared(registry, appId, capability);
  const before = record.grants.find((grant) => grant.capability === declared)?.state;
  return registry.setGrant(appId, declared, before === 'granted' ? 'revoked' : 'denied');
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
