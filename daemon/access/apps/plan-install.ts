import {
  type AppManifest,
  canonicalJson,
  declaredCapabilities,
  diffRights,
  isExpansion,
  meetRights,
  nameSharing,
  type Rights,
  rightsOf,
} from '@locara/protocol';
import type { BootReading } from '../../clock/boot-reading.ts';
import { digestOfJson } from '../trust/digest.ts';
import type { AppRecord, Decision, Expansion, Standing } from './app-registry.ts';
import { beginWait } from './cool-down.ts';

/** A manifest that is about to be installed, and when. */
export interface InstallRequest {
  readonly appId: string;
  readonly manifest: AppManifest;
  /** What the user decided before, also on an app that was uninstalled meanwhile, and of which version. */
  readonly before: (Standing & { readonly version: string }) | undefined;
  /** ISO 8601, for people. */
  readonly at: string;
  readonly signedAt: string | undefined;
  readonly reading: BootReading | undefined;
}

/** What the user's decisions become when a manifest is installed. */
export type InstallPlan = Pick<AppRecord, 'grants' | 'approved' | 'expansion'>;

/**
 * First install: the user agrees to all of it, and the optional capabilities wait to be asked for. Later:
 * what was agreed to goes on as far as the new manifest still asks for it, and what it asks for beyond
 * that waits. What an update gives up needs a new consent to come back.
 */
export function planInstall(request: InstallRequest): InstallPlan {
  const { manifest, before } = request;
  const asked = rightsOf(manifest);
  if (before === undefined) return { approved: asked, grants: firstGrants(request) };
  const approved = meetRights(before.approved, asked);
  const expansion = isExpansion(diffRights(approved, asked))
    ? planExpansion({ ...request, before }, approved, asked)
    : undefined;
  return { approved, grants: keepGrants(manifest, before), expansion };
}

/** What a consent to an expansion names: every field in which the manifest asks for more than is approved. */
export function digestExpansion(appId: string, approved: Rights, asked: Rights): string {
  const before = new Map<string, unknown>(Object.entries(approved));
  const changes = Object.entries(asked)
    .map(([field, after]) => ({ field, before: before.get(field), after }))
    .filter((change) => canonicalJson(change.before) !== canonicalJson(change.after));
  return digestOfJson([appId, changes]);
}

function firstGrants({ manifest, at }: InstallRequest): Decision[] {
  return declaredCapabilities(manifest).map((capability) =>
    manifest.capabilities.optional.includes(capability)
      ? { capability, state: 'pending' }
      : { capability, state: 'granted', decidedAt: at, decidedBy: 'install' },
  );
}

/** Earlier decisions stay; a capability without one waits for the user. */
function keepGrants(manifest: AppManifest, { grants }: Standing): Decision[] {
  const decided = new Map(grants.map((decision) => [decision.capability, decision]));
  const sharing = manifest.capabilities.ipc.flatMap((entry) => {
    const decision = decided.get(nameSharing(entry));
    return decision === undefined ? [] : [decision];
  });
  return [
    ...declaredCapabilities(manifest).map(
      (capability): Decision => decided.get(capability) ?? { capability, state: 'pending' },
    ),
    ...sharing,
  ];
}

/** The cool-down goes on only when the update asks for nothing that the one before it did not ask for. */
function planExpansion(
  {
    appId,
    before,
    at,
    signedAt,
    reading,
  }: InstallRequest & { readonly before: Standing & { readonly version: string } },
  approved: Rights,
  asked: Rights,
): Expansion {
  const diffDigest = digestExpansion(appId, approved, asked);
  const waiting = before.expansion;
  if (waiting !== undefined && !isExpansion(diffRights(before.asked, asked))) {
    return { ...waiting, diffDigest };
  }
  return {
    diffDigest,
    fromVersion: waiting?.fromVersion ?? before.version,
    signedAt,
    firstSeenAt: at,
    waited: beginWait(reading),
  };
}
