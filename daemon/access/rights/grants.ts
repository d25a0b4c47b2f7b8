import {
  type Capability,
  declaredCapabilities,
  describeCapability,
  type Grant,
  isCapability,
  isSharingName,
  nameSharing,
  rightsOf,
  RpcError,
  type SharingName,
} from '@locara/protocol';
import type { AppRecord, AppRegistry, Decision } from '../apps/app-registry.ts';
import { type Expansions, settleExpansion } from '../apps/expansions.ts';

/** The refusal of a method, naming what would have to be declared and granted. */
export function toCapabilityDenied(capability: Capability, method: string): RpcError {
  return new RpcError('CapabilityDenied', `${method} needs ${capability}, which is not granted.`, {
    details: { method, capability, manifestPath: describeCapability(capability).declaredBy },
  });
}

export interface GrantsDeps {
  readonly registry: AppRegistry;
  readonly expansions: Pick<Expansions, 'assertDecidable'>;
  readonly clock: () => Date;
}

/** What the user agrees to: one capability, or, without one, all that an update asks for. */
export interface Consent {
  readonly appId: string;
  readonly capability?: string | undefined;
  /** Of the difference that the user was shown, when an update asks for it. */
  readonly diffDigest?: string | undefined;
}

/** Grants what the user agreed to. Throws NotFound, InvalidParams, Conflict, or CapabilityDenied while it must wait. */
export function consentTo(
  deps: GrantsDeps,
  { appId, capability, diffDigest }: Consent,
): Promise<AppRecord> {
  if (capability === undefined) return consentToExpansion(deps, { appId, diffDigest });
  return consentToCapability(deps, { appId, capability, diffDigest });
}

/** Approves all of it; grants what is new in it and neither optional nor refused before. */
function consentToExpansion(
  { registry, expansions, clock }: GrantsDeps,
  { appId, diffDigest }: Consent,
): Promise<AppRecord> {
  return registry.update(appId, (record) => {
    assertNotRevoked(record);
    expansions.assertDecidable(record, { diffDigest });
    const { optional } = record.manifest.capabilities;
    const asked = rightsOf(record.manifest);
    const isGranted = ({ capability, state }: Decision): boolean =>
      state === 'pending' &&
      !record.approved.capabilities.includes(capability) &&
      !optional.some((name) => name === capability);
    const grants = record.grants.map((decision) =>
      isGranted(decision) ? decide(decision, { state: 'granted', by: 'consent', clock }) : decision,
    );
    return settleExpansion({ ...record, grants }, asked);
  });
}

function consentToCapability(
  { registry, expansions, clock }: GrantsDeps,
  { appId, capability, diffDigest }: Consent & { readonly capability: string },
): Promise<AppRecord> {
  return registry.update(appId, (record) => {
    const declared = assertDeclared(record, capability);
    assertNotRevoked(record);
    const granted = withDecision(record, declared, { state: 'granted', by: 'consent', clock });
    const { approved } = record;
    // What an update asks to share is agreed to with the rest of it; here the user takes back an end.
    if (isSharingName(declared)) return granted;
    const isNew = !approved.capabilities.includes(declared);
    if (isNew || diffDigest !== undefined) {
      expansions.assertDecidable(record, { diffDigest, capability: declared });
    }
    if (!isNew) return granted;
    const capabilities = [...approved.capabilities, declared].sort();
    return settleExpansion(granted, { ...approved, capabilities });
  });
}

/** The user takes back one capability, or refuses a pending one; without a capability, the whole app. */
export function revokeAccess(
  { registry, clock }: Pick<GrantsDeps, 'registry' | 'clock'>,
  appId: string,
  capability?: string,
): Promise<AppRecord> {
  if (capability === undefined) {
    return registry.update(appId, (record) => ({ ...record, revoked: true }), {
      isNarrowing: true,
    });
  }
  const revoke = (record: AppRecord): AppRecord => {
    const declared = assertDeclared(record, capability);
    const before = record.grants.find((grant) => grant.capability === declared)?.state;
    const state =
      before === 'granted' || before === 'revoked' || isSharingName(declared)
        ? 'revoked'
        : 'denied';
    return withDecision(record, declared, { state, by: 'revoke', clock });
  };
  return registry.update(appId, revoke, { isNarrowing: true });
}

/** Notes once that the app asked for a pending capability; false when it was decided or asked for already. */
export async function noteRequest(
  { registry, clock }: Pick<GrantsDeps, 'registry' | 'clock'>,
  appId: string,
  capability: Capability,
): Promise<boolean> {
  let isNew = false;
  const note = (record: AppRecord): AppRecord => {
    assertDeclared(record, capability);
    const known = record.grants.find((grant) => grant.capability === capability);
    const decision: Decision = known ?? { capability, state: 'pending' };
    isNew = decision.state === 'pending' && decision.requestedAt === undefined;
    if (!isNew) return record;
    return replaceDecision(record, { ...decision, requestedAt: clock().toISOString() });
  };
  await registry.update(appId, note, { isBookkeeping: true });
  return isNew;
}

interface Deciding {
  readonly state: Grant['state'];
  readonly by: Decision['decidedBy'];
  readonly clock: () => Date;
}

function decide({ capability, requestedAt }: Decision, { state, by, clock }: Deciding): Decision {
  return {
    capability,
    state,
    decidedAt: clock().toISOString(),
    decidedBy: by,
    ...(requestedAt === undefined ? {} : { requestedAt }),
  };
}

/** What a decision can be about: a capability, or one sharing. */
type Decidable = Capability | SharingName;

/** The record with one more decision of the user's. */
function withDecision(record: AppRecord, capability: Decidable, deciding: Deciding): AppRecord {
  const known = record.grants.find((grant) => grant.capability === capability);
  return replaceDecision(record, decide(known ?? { capability, state: 'pending' }, deciding));
}

function replaceDecision(record: AppRecord, decision: Decision): AppRecord {
  const others = record.grants.filter(({ capability }) => capability !== decision.capability);
  return {
    ...record,
    grants: [...others, decision].sort((left, right) =>
      left.capability < right.capability ? -1 : 1,
    ),
  };
}

function assertNotRevoked({ revoked }: AppRecord): void {
  if (!revoked) return;
  throw new RpcError('Conflict', 'The app is revoked as a whole; install it again first.', {
    details: { rule: 'app_revoked' },
  });
}

function assertDeclared({ manifest }: AppRecord, capability: string): Decidable {
  if (isSharingName(capability)) {
    if (manifest.capabilities.ipc.some((entry) => nameSharing(entry) === capability)) {
      return capability;
    }
    throw undeclared(capability, 'capabilities.ipc');
  }
  if (!isCapability(capability)) {
    throw new RpcError('InvalidParams', 'There is no such capability.', {
      details: { rule: 'capability' },
    });
  }
  if (declaredCapabilities(manifest).includes(capability)) return capability;
  throw undeclared(capability, describeCapability(capability).declaredBy);
}

function undeclared(capability: Decidable, manifestPath: string): RpcError {
  return new RpcError('CapabilityDenied', 'The manifest of the app does not declare it.', {
    details: { capability, manifestPath },
  });
}
