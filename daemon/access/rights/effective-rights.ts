import {
  type AppManifest,
  type Attestation,
  type Block,
  type Capability,
  declaredCapabilities,
  type Grant,
  nameSharing,
  narrowManifest,
} from '@locara/protocol';
import type { AppRecord } from '../apps/app-registry.ts';
import { reachesTier } from './attestation-tier.ts';
import { type Blocks, toBlockSubject } from '../trust/blocks.ts';

/** Everything that decides what a session may do now. */
export interface RightsSubject {
  readonly record: AppRecord;
  readonly attestation: Attestation;
  /** An entry of the revocation list that hits this app. */
  readonly block: Block | undefined;
}

/** The one answer to "may it": manifest ∩ what the user approved and granted ∩ attestation tier ∩ not revoked ∩ not blocked. */
export interface EffectiveRights {
  /** Every declared capability, in a stable order; one that was never decided is pending. */
  readonly grants: readonly Grant[];
  /** The manifest as far as the user approved it: models, quota, hosts. */
  readonly manifest: AppManifest;
  has(capability: Capability): boolean;
}

/** What an app may do now, as someone attested like this. */
export type RightsReader = (record: AppRecord, attestation: Attestation) => EffectiveRights;

/**
 * Remembers the answer for each record: records never change but are replaced, and another revocation list
 * starts over, so that no answer is stale and a call costs a look-up.
 */
export function createRightsReader(blocks: Blocks): RightsReader {
  let known = new WeakMap<AppRecord, Map<Attestation, EffectiveRights>>();
  blocks.onChange(() => {
    known = new WeakMap();
  });
  return (record, attestation) => {
    const ofRecord = known.get(record) ?? new Map<Attestation, EffectiveRights>();
    known.set(record, ofRecord);
    const remembered = ofRecord.get(attestation);
    if (remembered !== undefined) return remembered;
    const block = blocks.find(toBlockSubject(record));
    const rights = effectiveRights({ record, attestation, block });
    ofRecord.set(attestation, rights);
    return rights;
  };
}

export function effectiveRights({ record, attestation, block }: RightsSubject): EffectiveRights {
  const decided = new Map(record.grants.map(({ capability, state }) => [capability, state]));
  const stateOf = (capability: Capability): Grant['state'] => {
    if (record.revoked || block !== undefined) return 'revoked';
    const state = decided.get(capability) ?? 'pending';
    if (state !== 'granted') return state;
    if (!record.approved.capabilities.includes(capability)) return 'pending';
    return reachesTier(attestation, capability) ? 'granted' : 'denied';
  };
  const grants = declaredCapabilities(record.manifest).map((capability) => ({
    capability,
    state: stateOf(capability),
  }));
  const held = new Set<string>(
    grants.filter(({ state }) => state === 'granted').map(({ capability }) => capability),
  );
  return {
    grants,
    manifest: withoutEndedSharing(narrowManifest(record.manifest, record.approved), decided),
    has: (capability) => held.has(capability),
  };
}

/** What the user ended is as if it were not declared. */
function withoutEndedSharing(
  manifest: AppManifest,
  decided: ReadonlyMap<string, Grant['state']>,
): AppManifest {
  const { capabilities } = manifest;
  const ipc = capabilities.ipc.filter((entry) => !isEnded(decided.get(nameSharing(entry))));
  if (ipc.length === capabilities.ipc.length) return manifest;
  return { ...manifest, capabilities: { ...capabilities, ipc } };
}

function isEnded(state: Grant['state'] | undefined): boolean {
  return state !== undefined && state !== 'granted';
}
